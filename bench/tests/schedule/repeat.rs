//! One seed, one schedule.

use ringpost_bench::scenario::Scenario;
use ringpost_bench::schedule::{Action, Planned, Schedule};

use crate::watched::scenario;

const LENGTH: usize = 100_000;

fn begin(name: &str, seed: &str) -> Vec<Planned> {
    let scenario = scenario(name, &[("seed", seed)]);
    let schedule = Schedule::new(&scenario).expect("not too large");
    schedule
        .skip_while(|planned| matches!(planned.action, Action::Connect { .. }))
        .take(LENGTH)
        .collect()
}

#[test]
fn a_seed_gives_one_schedule_and_another_seed_another() {
    for name in Scenario::built_in_names() {
        let first = begin(name, "1");
        assert_eq!(first, begin(name, "1"), "{name}");
        if !first.is_empty() {
            assert_ne!(first, begin(name, "2"), "{name}");
        }
    }
}
