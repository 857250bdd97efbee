//! What a node tells of itself: `/metrics` by Prometheus's own checker, and histograms as HdrHistogram's readers take them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use ringpost_end_to_end::load::LoadPlan;
use ringpost_engine_tests::skipped;

use crate::world::{TIMEOUT, World};

/// Prometheus's checker: on the path, or where `.ci/install` puts it in the target folder.
fn promtool() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    let target = executable
        .ancestors()
        .find(|path| path.join("CACHEDIR.TAG").exists());
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let folders = target.map(|target| target.join("promtool"));
    std::env::split_paths(&on_path)
        .chain(folders)
        .map(|folder| folder.join("promtool"))
        .find(|path| path.is_file())
}

/// A node through which messages have gone, so that no family is empty; how many messages.
fn busy_world() -> (World, u64) {
    let world = World::start(2);
    let fleet = world.fleet(&LoadPlan::new(4, 61));
    assert!(fleet.begin(TIMEOUT));
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent > 100));
    let logs = world.settle(fleet);
    let sent = logs.iter().map(|log| log.sent.len() as u64).sum();
    let stored = "ringpost_messages_stored_total";
    let is_told = world.until(|node| node.metric(stored).unwrap() == Some(sent as f64));
    assert!(is_told);
    (world, sent)
}

#[test]
fn metrics_pass_the_checker_of_prometheus() {
    let Some(promtool) = promtool() else {
        assert!(
            std::env::var_os("CI").is_none(),
            ".ci/install brings promtool"
        );
        return skipped(
            "metrics_pass_the_checker_of_prometheus",
            "promtool (.ci/install)",
        );
    };
    let (world, _) = busy_world();
    let (_, page) = world.node.get("/metrics", None).unwrap();
    let mut checker = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = checker.stdin.take().unwrap();
    stdin.write_all(page.as_bytes()).unwrap();
    drop(stdin);
    let output = checker.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(output.status.success() && told.is_empty(), "{told}");
    world.end();
}

#[test]
fn histograms_are_read_by_readers_of_such_logs() {
    let (world, sent) = busy_world();
    let path = "/admin/histograms.hlog";
    assert_eq!(world.node.get(path, None).unwrap().0, 401);
    let token = std::fs::read_to_string(world.place.data().join("admin.token")).unwrap();
    let (status, log) = world.node.get(path, Some(token.trim())).unwrap();
    assert_eq!(status, 200, "{log}");
    let mut counts = Vec::new();
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        let LogEntry::Interval(interval) = entry.unwrap() else {
            continue;
        };
        let bytes = STANDARD.decode(interval.encoded_histogram()).unwrap();
        let read = Deserializer::new().deserialize(&mut bytes.as_slice());
        let histogram: Histogram<u64> = read.unwrap();
        counts.push((interval.tag().unwrap().as_str().to_owned(), histogram.len()));
    }
    let stages: Vec<&str> = counts.iter().map(|(stage, _)| stage.as_str()).collect();
    let expected = ["send-to-sent", "queue", "commit", "deliver", "turn", "sync"];
    assert_eq!(stages, expected);
    assert!(counts.iter().all(|(_, count)| *count > 0), "{counts:?}");
    assert!(counts[0].1 >= sent, "{sent} of {counts:?}");
    world.end();
}
