//! Every built-in scenario's actions may happen when they are planned: time never runs back, only connected devices act, and
//! only in their chats. The checks are those of `Watched`.

use ringpost_bench::scenario::Scenario;

use crate::watched::{Watched, scenario};

#[test]
fn every_built_in_scenario_plans_only_what_may_happen() {
    for name in Scenario::built_in_names() {
        let settings: &[(&str, &str)] = match name {
            "idle-million" => &[("load.sessions", "20000")],
            "day" | "new-year" => &[("seconds", "120")],
            _ => &[],
        };
        let planned = Watched::new(&scenario(name, settings)).count();
        assert!(planned > 0, "{name} plans nothing");
    }
}

#[test]
fn the_smallest_world_and_the_fastest_day_are_fine() {
    let smallest = [
        ("load.factor", "1e-7"),
        ("load.compress", "86400"),
        ("seconds", "2"),
    ];
    let planned = Watched::new(&scenario("day", &smallest)).count();
    assert!(planned > 10_000, "{planned}");
}
