//! Nodes started from the real binary, read, stalled and ended. The load is a few questions to HTTP.

use std::path::Path;
use std::time::{Duration, Instant};

use ringpost_bench::node::{NodeOptions, Reading, Sampler, StartNodeError, StartedNode, get};

/// Far more than anything takes; reached only by a defect.
const TIMEOUT: Duration = Duration::from_secs(90);

fn one_core() -> NodeOptions {
    NodeOptions {
        cores: Some(1),
        ..NodeOptions::default()
    }
}

/// The state of a process as the kernel tells it; `None` once it is gone.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

/// The processors that a process may use, as the kernel lists them.
fn allowed(process: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mut lines = status.lines();
    let list = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.unwrap().trim().to_owned()
}

#[test]
fn a_node_is_started_read_and_ended() {
    let node = StartedNode::start(&one_core()).unwrap();
    let handle = node.handle().clone();
    assert_eq!(get(handle.http, "/readyz", TIMEOUT).unwrap().0, 200);
    assert!(handle.data.join("token.secret").is_file());

    let before = Reading::take(&handle).unwrap();
    let used = Reading::take(&handle).unwrap().since(&before);
    assert!(before.process.cpu > Duration::ZERO && used.cpu_s >= 0.0);
    assert!(used.resident_bytes > 1 << 20, "{used:?}");
    assert!(used.threads_cpu_s.contains_key("core-0"), "{used:?}");
    assert!(
        before
            .metrics
            .value("ringpost_messages_stored_total")
            .is_some()
    );
    assert!(
        before
            .metrics
            .histogram("ringpost_store_sync_seconds")
            .is_some()
    );
    assert_eq!(node.error_lines().unwrap(), Vec::<String>::new());

    node.stop().unwrap();
    assert_eq!(state(handle.pid), None);
    assert!(!handle.data.exists());
}

#[test]
fn a_given_data_directory_and_log_stay() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("node.log"));
    let own = allowed("self");
    let first = own.split([',', '-']).next().unwrap();
    let options = NodeOptions {
        data: Some(data.clone()),
        log: Some(log.clone()),
        variables: vec![("RINGPOST_STORE__RETENTION_DAYS".to_owned(), "3".to_owned())],
        pin: Some(first.parse().unwrap()),
        ..one_core()
    };
    let node = StartedNode::start(&options).unwrap();
    assert_eq!(allowed(&node.handle().pid.to_string()), first);
    node.stop().unwrap();
    assert!(data.join("token.secret").is_file());
    assert!(
        std::fs::read_to_string(log)
            .unwrap()
            .contains("has stopped")
    );
}

#[test]
fn a_node_that_is_dropped_ends() {
    let node = StartedNode::start(&one_core()).unwrap();
    let handle = node.handle().clone();
    drop(node);
    assert_eq!(state(handle.pid), None);
    assert!(!handle.data.exists());
}

#[test]
fn a_node_that_does_not_start_tells_why() {
    let options = NodeOptions {
        arguments: vec!["--retention-days=many".to_owned()],
        ..one_core()
    };
    let error = StartedNode::start(&options).err().unwrap();
    assert!(matches!(error, StartNodeError::Ended { .. }), "{error}");
    assert!(
        error.to_string().contains("store.retention_days"),
        "{error}"
    );

    let options = NodeOptions {
        ringpost: Some(Path::new("no/such/program").to_owned()),
        ..one_core()
    };
    let error = StartedNode::start(&options).err().unwrap();
    assert!(matches!(error, StartNodeError::Binary(_)), "{error}");
}

#[test]
fn a_stall_stops_the_whole_process_and_lets_it_run_on() {
    let node = StartedNode::start(&one_core()).unwrap();
    let handle = node.handle().clone();
    let stall = std::thread::spawn({
        let handle = handle.clone();
        move || handle.pause(Duration::from_secs(1))
    });
    let end = Instant::now() + TIMEOUT;
    while state(handle.pid) != Some('T') {
        assert!(!stall.is_finished() && Instant::now() < end);
        std::thread::yield_now();
    }
    stall.join().unwrap().unwrap();
    assert_ne!(state(handle.pid), Some('T'));
    assert_eq!(get(handle.http, "/readyz", TIMEOUT).unwrap().0, 200);
    node.stop().unwrap();
}

#[test]
fn a_sampler_watches_a_node() {
    let node = StartedNode::start(&one_core()).unwrap();
    let sampler = Sampler::start(node.handle().clone(), Duration::from_millis(20));
    let end = Instant::now() + TIMEOUT;
    while sampler.latest().is_none_or(|sample| sample.at_s < 0.1) {
        assert!(Instant::now() < end);
        std::thread::yield_now();
    }
    let samples = sampler.stop().samples;
    assert!(samples.len() >= 2, "{samples:?}");
    assert!(samples.is_sorted_by(|one, next| one.at_s < next.at_s));
    assert!(samples.is_sorted_by(|one, next| one.cpu_s <= next.cpu_s));
    node.stop().unwrap();
}
