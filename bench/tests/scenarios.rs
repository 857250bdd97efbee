//! Each kind of scenario, small, against a real node: it comes to its end, nothing is lost, and what it is for happens.
//!
//! Nothing here depends on speed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ringpost_bench::record::Stage;
use running::{node, run_on, scenario};

mod running;

/// What came out: the counts, and how many latencies each stage has.
struct Outcome {
    counts: BTreeMap<String, u64>,
    stages: BTreeMap<&'static str, u64>,
}

fn outcome(name: &str, settings: &[(&str, &str)]) -> Outcome {
    let node = node();
    let stop = Arc::new(AtomicBool::new(false));
    let finished = run_on(node.handle(), scenario(name, settings), &stop);
    let counts = finished.run.counts;
    assert_eq!(counts["missing"], 0, "{name}");
    let unmet = finished.run.invalid_because.iter();
    // The verdict on the generator's speed says nothing of a test's machine.
    let unmet: Vec<_> = unmet
        .filter(|reason| !reason.starts_with("the generator"))
        .collect();
    assert!(unmet.is_empty(), "{name}: {unmet:?}");
    let errors = node.error_lines().expect("the node's log is there");
    assert!(errors.is_empty(), "{errors:?}");
    let stages = finished.latencies.iter();
    Outcome {
        counts,
        stages: stages
            .map(|latency| (latency.stage.name(), latency.count))
            .collect(),
    }
}

#[test]
fn pairs_in_an_open_and_in_a_closed_loop() {
    let small = [
        ("warm_up_s", "1"),
        ("seconds", "2"),
        ("load.pairs", "20"),
        ("load.chats_per_sender", "5"),
    ];
    let closed = outcome("pairs", &small);
    assert!(closed.counts["delivered"] > 0 && closed.counts["acks"] > 0);
    let mut open = small.to_vec();
    open.push(("load.rate", "200"));
    let open = outcome("pairs", &open);
    assert!(
        (300..500).contains(&open.counts["sent"]),
        "{:?}",
        open.counts
    );
    assert!(open.stages[Stage::Lag.name()] > 0);
}

#[test]
fn a_drain_brings_every_message_once() {
    let settings = [
        ("load.devices", "30"),
        ("load.messages", "700"),
        ("load.senders", "3"),
    ];
    let drain = outcome("offline-drain", &settings);
    assert_eq!(drain.counts["delivered"], 30 * 700);
    assert!(drain.counts["pages"] >= 60, "{:?}", drain.counts);
    assert_eq!(drain.stages[Stage::ResumeToCaughtUp.name()], 30);
}

#[test]
fn after_a_storm_all_are_back_with_what_was_stored() {
    let settings = [
        ("seconds", "6"),
        ("warm_up_s", "0"),
        ("load.sessions", "200"),
        ("load.pairs_active", "10"),
        ("load.rate", "50"),
        ("load.cut_after_s", "1"),
        ("load.away_s", "2"),
        ("load.senders", "2"),
    ];
    let storm = outcome("reconnect-storm", &settings);
    assert!(storm.stages[Stage::ResumeToCaughtUp.name()] >= 200);
    assert_eq!(storm.counts["sessions_peak"], 202);
    assert!(storm.counts["delivered"] >= 200);
}

#[test]
fn every_idle_session_gets_a_message() {
    let settings = [
        ("seconds", "3"),
        ("warm_up_s", "0"),
        ("load.sessions", "400"),
        ("load.connects_per_second", "400"),
        ("load.active_pairs", "5"),
        ("load.rate", "20"),
    ];
    let idle = outcome("idle-million", &settings);
    assert_eq!(idle.counts["sessions_peak"], 400);
    assert!(idle.counts["delivered"] >= 400);
}

#[test]
fn slow_readers_get_everything_in_the_end() {
    let settings = [
        ("seconds", "4"),
        ("warm_up_s", "0"),
        ("load.pairs", "10"),
        ("load.rate", "200"),
        ("load.read_every_ms", "1000"),
    ];
    let slow = outcome("slow-readers", &settings);
    assert_eq!(slow.counts["delivered"], slow.counts["sent"]);
}

#[test]
fn all_devices_of_a_hot_chat_get_every_message_of_the_others() {
    let settings = [
        ("seconds", "2"),
        ("warm_up_s", "0"),
        ("load.devices_per_user", "4"),
        ("load.rate", "100"),
    ];
    let hot = outcome("hot-chat", &settings);
    assert_eq!(hot.counts["delivered"], 7 * hot.counts["sent"]);
}

#[test]
fn a_day_lets_devices_come_and_go() {
    let settings = [
        ("seconds", "4"),
        ("warm_up_s", "0"),
        ("load.factor", "1e-6"),
    ];
    let day = outcome("day", &settings);
    assert!(day.counts["sign_ins"] > 0 && day.counts["delivered"] > 0);
    assert!(day.stages[Stage::ResumeToCaughtUp.name()] > 0);
    assert!(day.counts["typing_not_sent"] > 0);
}
