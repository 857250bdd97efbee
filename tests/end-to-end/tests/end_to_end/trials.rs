//! A round or two of each trial; the full ones are commands of `faults`.

use std::process::Command;
use std::time::Duration;

use ringpost_end_to_end::trial::{TRIALS, TrialPlan};

/// Exit code of a trial for which the host lacks something.
const EXIT_SKIPPED: i32 = 77;

fn hold(name: &str, rounds: u32, seed: u64) {
    let trial = TRIALS.iter().find(|trial| trial.name == name).unwrap();
    let mut plan = TrialPlan::new(rounds, seed);
    plan.away = Duration::from_millis(1_500);
    plan.load.pairs = 40;
    let report = (trial.run)(&plan).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
    assert_eq!(report.rounds.len(), rounds as usize);
    assert!(report.findings.sent > 0);
}

/// In namespaces of its own.
fn hold_apart(name: &str, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_faults"))
        .arg(name)
        .args(["--senders", "40", "--seed", "61", "--away-seconds", "2"])
        .args(arguments)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(EXIT_SKIPPED) {
        eprintln!("{complaint}");
        return;
    }
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{complaint}");
}

#[test]
fn signals_in_every_phase_lose_and_repeat_nothing() {
    hold("terminate", 5, 62);
}

#[test]
fn a_node_that_stands_still_goes_on() {
    hold("stop", 1, 63);
}

#[test]
fn a_full_disk_ends_the_node_and_loses_nothing() {
    hold_apart("disk-full", &["--rounds", "1"]);
}

#[test]
fn a_failed_disk_ends_the_node_and_loses_nothing() {
    hold("disk-failing", 3, 64);
}

#[test]
fn a_slow_disk_delays_and_loses_nothing() {
    hold("disk-slow", 2, 65);
}

#[test]
fn a_damaged_store_is_refused_or_whole() {
    let trial = TRIALS.iter().find(|trial| trial.name == "damage").unwrap();
    let report = (trial.run)(&TrialPlan::new(6, 68)).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
}

#[test]
fn a_bad_network_delays_and_loses_nothing() {
    hold_apart("network", &["--rounds", "4"]);
}

#[test]
fn a_wrong_clock_harms_nobody_who_is_there() {
    hold("clock", 2, 66);
}

#[test]
fn too_few_descriptors_are_named() {
    hold("limits", 2, 67);
}
