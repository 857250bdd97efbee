//! Judges a host: facts and demands in, findings out, the fatal ones first. Pure.

use super::facts::Facts;
use super::{Demand, Finding, Weight};

const PAGE_BYTES: u64 = 4_096;
const MIB: u64 = 1024 * 1024;
/// Locked memory below which kernels that count rings against it refuse them, in bytes for each ring.
const LOCKED_BYTES_PER_RING: u64 = 64 * 1024;
const SYN_BACKLOG_MIN: u64 = 1_024;

/// Everything of the host that is too little for `demand`.
pub fn judge(facts: &Facts, demand: &Demand) -> Vec<Finding> {
    let mut findings: Vec<Finding> = [
        kernel(facts),
        open_files(facts, demand),
        locked_memory(facts, demand),
        threads(facts, demand),
        accept_backlog(facts, demand),
        syn_backlog(facts),
        tcp_memory(facts, demand),
        established_buckets(facts, demand),
        tracked_connections(facts, demand),
        overcommit(facts),
        memory_maps(facts, demand),
        memory(facts, demand),
        disk(facts, demand),
        disk_kind(facts),
        clock(facts),
    ]
    .into_iter()
    .flatten()
    .collect();
    findings.sort_by_key(|finding| finding.weight != Weight::Fatal);
    findings
}

fn warning(setting: &'static str, found: impl ToString, remedy: String) -> Finding {
    Finding {
        weight: Weight::Warning,
        setting,
        found: found.to_string(),
        remedy,
    }
}

fn kernel(facts: &Facts) -> Option<Finding> {
    let refusal = facts.kernel_refusal.as_ref()?;
    Some(Finding {
        weight: Weight::Fatal,
        setting: "the kernel's io_uring",
        found: "not usable".to_owned(),
        remedy: refusal.clone(),
    })
}

fn open_files(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let found = facts
        .open_files
        .filter(|limit| !demand.fits_open_files(*limit))?;
    Some(Finding {
        weight: Weight::Fatal,
        setting: "RLIMIT_NOFILE (`ulimit -n`, LimitNOFILE=)",
        found: found.to_string(),
        remedy: format!(
            "limits.sessions_per_core times {} cores take more rings than that; set it to {} or lower the sessions",
            demand.cores,
            demand.open_files_min()
        ),
    })
}

fn locked_memory(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let rings = demand.rings_per_core(facts.open_files.unwrap_or(1_024)) * demand.cores;
    let needed = rings * LOCKED_BYTES_PER_RING;
    let found = facts.locked_bytes.filter(|bytes| *bytes < needed)?;
    let remedy =
        format!("kernels that count io_uring against it refuse rings; set it to {needed} or more");
    Some(warning(
        "RLIMIT_MEMLOCK (`ulimit -l`, LimitMEMLOCK=)",
        found,
        remedy,
    ))
}

fn threads(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let needed = demand.threads();
    let found = facts.threads.filter(|threads| *threads < needed)?;
    let remedy = format!("the node may want {needed} threads");
    Some(warning(
        "pids.max of the control group (TasksMax=)",
        found,
        remedy,
    ))
}

fn accept_backlog(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let needed = demand.accept_backlog();
    let found = facts.accept_backlog.filter(|backlog| *backlog < needed)?;
    let remedy = format!(
        "clients that reconnect all at once are refused; `sysctl -w net.core.somaxconn={needed}`"
    );
    Some(warning("net.core.somaxconn", found, remedy))
}

fn syn_backlog(facts: &Facts) -> Option<Finding> {
    let found = facts
        .syn_backlog
        .filter(|backlog| *backlog < SYN_BACKLOG_MIN)?;
    let remedy = format!(
        "clients that reconnect all at once wait for a second try; `sysctl -w net.ipv4.tcp_max_syn_backlog={SYN_BACKLOG_MIN}`"
    );
    Some(warning("net.ipv4.tcp_max_syn_backlog", found, remedy))
}

/// A socket with anything in its buffers holds a page at least.
fn tcp_memory(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let needed = demand.sessions;
    let found = facts.tcp_pressure_pages.filter(|pages| *pages < needed)?;
    let remedy = format!(
        "a frame for every session fills more pages than that, and the kernel then drops what arrives; \
         `sysctl -w net.ipv4.tcp_mem=\"{needed} {} {}\"` (pages of {PAGE_BYTES} bytes)",
        needed + needed / 2,
        2 * needed
    );
    Some(warning(
        "the second number of net.ipv4.tcp_mem",
        found,
        remedy,
    ))
}

/// More than two connections a bucket are looked up in a list that no cache holds.
fn established_buckets(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let found = facts
        .established_buckets
        .filter(|buckets| 2 * *buckets < demand.sessions)?;
    let needed = demand.sessions.next_power_of_two();
    let remedy = format!(
        "at four sessions a bucket, looking connections up takes a tenth of the CPU; boot with `thash_entries={needed}` on the \
         kernel's command line, or run in a network namespace made after `sysctl -w net.ipv4.tcp_child_ehash_entries={needed}`"
    );
    Some(warning("net.ipv4.tcp_ehash_entries", found, remedy))
}

fn tracked_connections(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let needed = demand.sessions + demand.sessions / 4;
    let found = facts
        .tracked_connections
        .filter(|connections| *connections < needed)?;
    let remedy = format!(
        "where a firewall tracks connections, further ones are dropped; `sysctl -w net.netfilter.nf_conntrack_max={needed}`, or \
         leave the node's ports untracked (`notrack`)"
    );
    Some(warning("net.netfilter.nf_conntrack_max", found, remedy))
}

fn overcommit(facts: &Facts) -> Option<Finding> {
    let found = facts.overcommit.filter(|mode| *mode == 2)?;
    let remedy = "the kernel refuses memory that is reserved and not yet used, and a node that is refused memory ends; \
                  `sysctl -w vm.overcommit_memory=0`";
    Some(warning("vm.overcommit_memory", found, remedy.to_owned()))
}

fn memory_maps(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let needed = demand.memory_maps(facts.open_files.unwrap_or(1_024));
    let found = facts.memory_maps.filter(|maps| *maps < needed)?;
    let remedy = format!("rings and stacks may be refused; `sysctl -w vm.max_map_count={needed}`");
    Some(warning("vm.max_map_count", found, remedy))
}

fn memory(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let needed = demand.memory_bytes();
    let found = facts.memory_bytes.filter(|bytes| *bytes < needed)?;
    let remedy = format!(
        "at their limits the sessions, queues and store may take {} MiB, the kernel's part for sockets included; give it more, or \
         lower limits.sessions_per_core or store.overlay_mib",
        needed / MIB
    );
    Some(warning("memory", format!("{} MiB", found / MIB), remedy))
}

fn disk(facts: &Facts, demand: &Demand) -> Option<Finding> {
    let needed = demand.disk_bytes();
    let found = facts.disk_free_bytes.filter(|bytes| *bytes < needed)?;
    let remedy = format!(
        "the node ends when its disk is full; free {} MiB",
        needed / MIB
    );
    let found = format!("{} MiB", found / MIB);
    Some(warning("free space for data_dir", found, remedy))
}

fn disk_kind(facts: &Facts) -> Option<Finding> {
    let remedy = "everything is lost when the machine restarts; put data_dir on a disk";
    facts.is_disk_memory.then(|| {
        warning(
            "the file system of data_dir",
            "in memory",
            remedy.to_owned(),
        )
    })
}

fn clock(facts: &Facts) -> Option<Finding> {
    let remedy =
        "tokens are judged by it and messages carry its time; run chrony or systemd-timesyncd";
    let is_free = facts.is_clock_synchronised == Some(false);
    is_free.then(|| warning("the clock", "not synchronised", remedy.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Settings;

    fn demand(sessions_per_core: u32, cores: usize) -> Demand {
        let mut settings = Settings::default();
        settings.limits.sessions_per_core = sessions_per_core;
        Demand::of(&settings, cores)
    }

    /// A host that lacks nothing for a million sessions.
    fn good() -> Facts {
        Facts {
            kernel_refusal: None,
            open_files: Some(1 << 20),
            locked_bytes: Some(8 << 20),
            threads: Some(4_096),
            accept_backlog: Some(4_096),
            syn_backlog: Some(4_096),
            tcp_pressure_pages: Some(1_500_000),
            established_buckets: Some(1 << 20),
            tracked_connections: None,
            overcommit: Some(0),
            memory_maps: Some(65_530),
            memory_bytes: Some(32 << 30),
            disk_free_bytes: Some(100 << 30),
            is_disk_memory: false,
            is_clock_synchronised: Some(true),
        }
    }

    /// A change for the worse, the setting that it is found by, and what the finding must name.
    type Case = (fn(&mut Facts), &'static str, &'static str);

    const CASES: &[Case] = &[
        (|f| f.locked_bytes = Some(0), "RLIMIT_MEMLOCK", "131072"),
        (|f| f.threads = Some(32), "pids.max", "66"),
        (
            |f| f.accept_backlog = Some(128),
            "net.core.somaxconn",
            "4096",
        ),
        (
            |f| f.syn_backlog = Some(128),
            "net.ipv4.tcp_max_syn_backlog",
            "1024",
        ),
        (
            |f| f.tcp_pressure_pages = Some(999_999),
            "tcp_mem",
            "1500000",
        ),
        (
            |f| f.established_buckets = Some(262_144),
            "net.ipv4.tcp_ehash_entries",
            "thash_entries=1048576",
        ),
        (
            |f| f.tracked_connections = Some(262_144),
            "nf_conntrack_max",
            "1250000",
        ),
        (|f| f.overcommit = Some(2), "vm.overcommit_memory", "=0"),
        (|f| f.memory_maps = Some(1_000), "vm.max_map_count", "4112"),
        (|f| f.memory_bytes = Some(1 << 30), "memory", "4354 MiB"),
        (
            |f| f.disk_free_bytes = Some(1 << 20),
            "free space for data_dir",
            "1024 MiB",
        ),
        (
            |f| f.is_disk_memory = true,
            "the file system of data_dir",
            "disk",
        ),
        (
            |f| f.is_clock_synchronised = Some(false),
            "the clock",
            "chrony",
        ),
    ];

    #[test]
    fn a_host_that_lacks_nothing_has_no_findings() {
        assert_eq!(judge(&good(), &demand(500_000, 2)), []);
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        assert_eq!(judge(&Facts::default(), &demand(500_000, 2)), []);
    }

    #[test]
    fn each_lack_is_one_warning_that_names_the_setting_and_the_remedy() {
        for (worsen, setting, remedy) in CASES {
            let mut facts = good();
            worsen(&mut facts);
            let findings = judge(&facts, &demand(500_000, 2));
            let [finding] = findings.as_slice() else {
                panic!("{setting}: {findings:?}");
            };
            assert_eq!(finding.weight, Weight::Warning, "{finding}");
            assert!(finding.setting.contains(setting), "{finding}");
            assert!(finding.remedy.contains(remedy), "{finding}");
        }
    }

    #[test]
    fn rings_that_cannot_be_opened_are_fatal() {
        let with = |open_files, demand| {
            let facts = Facts {
                open_files: Some(open_files),
                ..Facts::default()
            };
            judge(&facts, &demand)
        };
        assert_eq!(with(20_000, demand(1_000_000, 2)), []);
        assert_eq!(with(1_024, demand(16, 512)), [], "one ring a core");
        let findings = with(1_024, demand(1_000_000, 2));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].weight, Weight::Fatal);
        assert!(findings[0].setting.contains("RLIMIT_NOFILE"));
        assert!(
            findings[0].remedy.contains("set it to 2048"),
            "{}",
            findings[0]
        );
    }

    #[test]
    fn a_kernel_that_refuses_is_told_first() {
        let facts = Facts {
            kernel_refusal: Some("io_uring is disabled".to_owned()),
            accept_backlog: Some(1),
            ..Facts::default()
        };
        let findings = judge(&facts, &demand(16_000, 2));
        let weights: Vec<Weight> = findings.iter().map(|finding| finding.weight).collect();
        assert_eq!(weights, [Weight::Fatal, Weight::Warning]);
        assert!(findings[0].to_string().contains("io_uring is disabled"));
    }

    #[test]
    fn the_default_configuration_suits_a_small_host() {
        let facts = Facts {
            memory_bytes: Some(1 << 30),
            established_buckets: Some(16_384),
            tcp_pressure_pages: Some(32_000),
            open_files: Some(20_000),
            ..good()
        };
        assert_eq!(judge(&facts, &demand(16_000, 2)), []);
    }
}
