//! A stop under load loses nothing.

use std::time::Duration;

use ringpost_end_to_end::load::LoadPlan;

use crate::world::{TIMEOUT, World};

#[test]
fn a_stop_under_load_loses_nothing() {
    let plan = LoadPlan {
        pause_ms: 1,
        ..LoadPlan::new(40, 11)
    };
    let mut world = World::start(2);
    let fleet = world.fleet(&plan);
    assert!(fleet.begin(TIMEOUT));
    for _ in 0..2 {
        let before = fleet.totals().sent;
        assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent > before + 500));
        let status = world.node.stop().unwrap();
        assert!(status.success(), "{status}");
        assert_eq!(world.node.error_lines(), Vec::<String>::new());
        world.restart(2);
        fleet.wake();
    }
    world.settle(fleet);
    world.end();
}

#[test]
fn an_idle_node_stops() {
    let mut world = World::start(1);
    fleet_of_two(&world);
    assert!(world.node.stop().unwrap().success());
    assert_eq!(world.node.error_lines(), Vec::<String>::new());
}

fn fleet_of_two(world: &World) {
    let fleet = world.fleet(&LoadPlan::new(1, 12));
    let is_live = fleet.wait_until(Duration::from_secs(30), |totals| totals.live == 2);
    assert!(is_live);
    fleet.finish();
}

#[test]
fn a_stop_is_announced_before_it_begins_and_hastened_by_a_second_order() {
    let waits = [
        ("RINGPOST_DRAIN__NOTICE_MS", "600000"),
        ("RINGPOST_DRAIN__LIMIT_MS", "900000"),
    ];
    let mut world = World::start_with(1, |options| {
        let own = waits.map(|(name, value)| (name.to_owned(), value.to_owned()));
        options.variables.extend(own);
    });
    world.node.signal("TERM").unwrap();
    let is_announced = world.until(|node| node.get("/readyz", None).unwrap().0 == 503);
    assert!(is_announced);
    assert_eq!(world.node.get("/healthz", None).unwrap().0, 200);
    let fleet = world.fleet(&LoadPlan::new(2, 13));
    assert!(fleet.begin(TIMEOUT), "sessions are still taken");
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent > 20));
    let status = world.node.stop().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(world.node.error_lines(), Vec::<String>::new());
    world.restart(1);
    fleet.wake();
    world.settle(fleet);
    world.end();
}
