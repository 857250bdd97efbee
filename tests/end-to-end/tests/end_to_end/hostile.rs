//! Each attack for a moment; the full set is the command `faults hostile`.

use std::time::Duration;

use ringpost_end_to_end::hostile::{CASES, HostilePlan, run_hostile};

#[test]
fn no_attack_harms_those_who_behave() {
    let plan = HostilePlan::new(Duration::from_secs(1), 51);
    let report = run_hostile(&plan).unwrap();
    assert!(report.is_clean(), "{:#}", report.to_json());
    assert_eq!(report.cases.len(), CASES.len());
}
