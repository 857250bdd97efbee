//! Reads the facts of this host from `/proc`, `/sys` and the kernel. What cannot be read is not known.

use std::fs;
use std::path::Path;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use ringpost_gateway_ring::{is_clock_synchronised, probe, raise_open_files};

use super::facts::Facts;

const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// The facts for a node that keeps its data in `data_dir`, which need not be there yet. Raises the limit of open files as
/// far as the process may.
pub fn read(data_dir: &Path) -> Facts {
    let open_files = raise_open_files();
    let disk = data_dir
        .ancestors()
        .map(|path| {
            if path.as_os_str().is_empty() {
                Path::new(".")
            } else {
                path
            }
        })
        .find_map(|path| statfs(path).ok());
    let kind = disk.as_ref().map(|disk| disk.filesystem_type());
    Facts {
        kernel_refusal: probe().err().map(|error| error.to_string()),
        open_files: Some(open_files),
        locked_bytes: locked_bytes(),
        threads: control_group_value("pids.max"),
        accept_backlog: sysctl("net/core/somaxconn", 0),
        syn_backlog: sysctl("net/ipv4/tcp_max_syn_backlog", 0),
        tcp_pressure_pages: sysctl("net/ipv4/tcp_mem", 1),
        established_buckets: sysctl("net/ipv4/tcp_ehash_entries", 0),
        tracked_connections: sysctl("net/netfilter/nf_conntrack_max", 0),
        overcommit: sysctl("vm/overcommit_memory", 0),
        memory_maps: sysctl("vm/max_map_count", 0),
        memory_bytes: memory_bytes(),
        disk_free_bytes: disk
            .map(|disk| disk.blocks_available() * disk.block_size().unsigned_abs()),
        is_disk_memory: kind.is_some_and(|kind| kind == TMPFS_MAGIC),
        is_clock_synchronised: is_clock_synchronised(),
    }
}

fn read_text(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The number at `index` of a sysctl. A namespace that uses its parent's table tells that by a sign.
fn sysctl(name: &str, index: usize) -> Option<u64> {
    let text = read_text(Path::new("/proc/sys").join(name))?;
    number(text.split_whitespace().nth(index)?)
}

fn number(text: &str) -> Option<u64> {
    text.parse::<i64>().ok().map(i64::unsigned_abs)
}

fn locked_bytes() -> Option<u64> {
    locked_bytes_in(&read_text("/proc/self/limits")?)
}

/// The soft limit in the text of `/proc/self/limits`; unlimited is as good as not known.
fn locked_bytes_in(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max locked memory"))?;
    number(line.split_whitespace().next()?)
}

fn memory_bytes() -> Option<u64> {
    let machine = memory_in(&read_text("/proc/meminfo")?)?;
    let group = control_group_value("memory.max").unwrap_or(u64::MAX);
    Some(machine.min(group))
}

/// The whole memory in the text of `/proc/meminfo`, in bytes.
fn memory_in(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(number(line.trim().strip_suffix(" kB")?)? * 1024)
}

/// The least limit of that name on the way from the process's control group to the root (version 2); `max` is none.
fn control_group_value(name: &str) -> Option<u64> {
    let own = read_text("/proc/self/cgroup")?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Path::new(path)
        .ancestors()
        .filter_map(|group| read_text(Path::new(CONTROL_GROUPS).join(group).join(name)))
        .filter_map(|text| number(text.trim()))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_kernel_are_read() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\n\
                      Max locked memory         8388608              unlimited            bytes     \n";
        assert_eq!(locked_bytes_in(limits), Some(8_388_608));
        let unlimited =
            "Max locked memory         unlimited            unlimited            bytes\n";
        assert_eq!(locked_bytes_in(unlimited), None);
        let memory = "MemTotal:       24689240 kB\nMemFree:        1 kB\n";
        assert_eq!(memory_in(memory), Some(24_689_240 * 1024));
        assert_eq!(number("-4194304"), Some(4_194_304));
        assert_eq!(number("max"), None);
    }

    #[test]
    fn this_host_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let facts = read(&folder.path().join("not/there/yet"));
        assert!(facts.open_files.is_some_and(|limit| limit > 0));
        assert!(facts.accept_backlog.is_some_and(|backlog| backlog > 0));
        assert!(facts.memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
        assert!(facts.disk_free_bytes.is_some());
    }
}
