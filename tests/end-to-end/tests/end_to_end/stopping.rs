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
