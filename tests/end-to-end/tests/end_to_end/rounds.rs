//! Two rounds of each fault and one with TLS, and a small slow reader; the full sets are commands of `faults`.

use ringpost_end_to_end::rounds::{Ending, RoundsPlan, run_rounds};
use ringpost_end_to_end::slow_reader::{SlowReaderPlan, run_slow_reader};

fn hold(ending: Ending, (rounds, with_tls): (u32, bool), seed: u64) {
    let mut plan = RoundsPlan::new(ending, rounds, seed);
    plan.load.crash_one_in = 5_000;
    plan.with_tls = with_tls;
    let report = run_rounds(&plan).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
    assert_eq!(report.lives.len(), rounds as usize + 1);
    let is_loaded = report.lives.iter().all(|life| life.sent > 0);
    assert!(is_loaded, "{:#}", report.to_json());
}

#[test]
fn two_kills_under_load_lose_and_repeat_nothing() {
    hold(Ending::Kill, (2, false), 41);
}

#[test]
fn two_power_losses_under_load_lose_and_repeat_nothing() {
    hold(Ending::PowerLoss, (2, false), 42);
}

#[test]
fn a_kill_under_load_with_tls_loses_and_repeats_nothing() {
    hold(Ending::Kill, (1, true), 44);
}

#[test]
fn a_power_loss_under_load_with_tls_loses_and_repeats_nothing() {
    hold(Ending::PowerLoss, (1, true), 45);
}

#[test]
fn a_receiver_that_stops_reading_gets_everything_when_it_reads_again() {
    let plan = SlowReaderPlan {
        fill_messages: 10_000,
        ..SlowReaderPlan::new(10_000, 43)
    };
    let report = run_slow_reader(&plan).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
    assert!(
        report.kept_before < plan.messages,
        "the receiver did not stop reading"
    );
}
