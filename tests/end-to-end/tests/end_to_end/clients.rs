//! Clients with a database: killed, cut and set back a few times; the full sets are commands of `faults`.

use ringpost_end_to_end::check::Wrong;
use ringpost_end_to_end::client::{ClientEnding, ClientPlan, ClientReport, run_client_rounds};

fn plan(ending: ClientEnding, rounds: u32, seed: u64) -> ClientPlan {
    ClientPlan::new(ending, rounds, seed, env!("CARGO_BIN_EXE_faults").into())
}

fn hold(ending: ClientEnding, rounds: u32, seed: u64) -> ClientReport {
    let report = run_client_rounds(&plan(ending, rounds, seed)).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
    assert!(report.findings.sent > 0, "{:#}", report.to_json());
    report
}

#[test]
fn killed_clients_lose_and_repeat_nothing() {
    let report = hold(ClientEnding::Kill, 12, 51);
    assert!(
        report.handed_again > 0,
        "no kill came before a confirmation"
    );
}

#[test]
fn clients_that_stand_still_lose_and_repeat_nothing() {
    let mut plan = plan(ClientEnding::Stop, 2, 57);
    plan.away = std::time::Duration::from_millis(1_500);
    let report = run_client_rounds(&plan).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
    assert!(report.findings.sent > 0, "{:#}", report.to_json());
}

#[test]
fn clients_that_lose_power_lose_and_repeat_nothing() {
    let report = hold(ClientEnding::PowerLoss, 8, 52);
    assert!(report.cut_bytes > 0, "no cut took anything away");
}

#[test]
fn clients_set_back_to_a_copy_lose_and_repeat_nothing() {
    for seed in 53..55 {
        let report = hold(ClientEnding::RollBack, 3, seed);
        assert!(report.handed_again > 0, "nothing had to be handed again");
    }
}

#[test]
fn a_database_that_does_not_sync_is_noticed() {
    let mut plan = plan(ClientEnding::PowerLoss, 6, 56);
    plan.ignores_syncs = true;
    plan.timeout = std::time::Duration::from_secs(10);
    let report = run_client_rounds(&plan).unwrap();
    assert!(!report.is_clean(), "{:#}", report.to_json());
    assert!(
        report.findings.times(Wrong::Odd) > 0,
        "{:#}",
        report.to_json()
    );
}
