//! Conversations: both ways, to someone away, on two devices, over a restart, with clients that crash.

use ringpost_end_to_end::load::LoadPlan;

use crate::world::{TIMEOUT, World};

fn talk(cores: usize, plan: &LoadPlan, messages: u64) {
    let world = World::start(cores);
    let fleet = world.fleet(plan);
    fleet.order(|orders| orders.messages_max = messages);
    assert!(fleet.begin(TIMEOUT));
    let all = u64::from(plan.pairs) * messages;
    let is_sent = fleet.wait_until(TIMEOUT, |totals| totals.sent >= all);
    assert!(is_sent, "{:?}", fleet.totals());
    world.settle(fleet);
    world.end();
}

#[test]
fn people_talk_both_ways_on_two_cores() {
    let plan = LoadPlan {
        pause_ms: 0,
        answer_every: 1,
        ..LoadPlan::new(20, 1)
    };
    talk(2, &plan, 50);
}

#[test]
fn people_talk_both_ways_on_one_core() {
    let plan = LoadPlan {
        pause_ms: 0,
        answer_every: 1,
        ..LoadPlan::new(20, 2)
    };
    talk(1, &plan, 50);
}

#[test]
fn every_device_of_both_gets_everything() {
    let plan = LoadPlan {
        devices: 2,
        pause_ms: 0,
        answer_every: 3,
        ..LoadPlan::new(10, 3)
    };
    talk(2, &plan, 40);
}

#[test]
fn the_largest_messages_go_through() {
    let plan = LoadPlan {
        payload_bytes: ringpost_wire::limits::PAYLOAD_BYTES_MAX,
        pause_ms: 0,
        in_flight: 16,
        ..LoadPlan::new(2, 4)
    };
    talk(2, &plan, 60);
}

#[test]
fn clients_that_crash_lose_and_repeat_nothing() {
    let plan = LoadPlan {
        crash_one_in: 60,
        pause_ms: 2,
        answer_every: 4,
        ..LoadPlan::new(20, 5)
    };
    let world = World::start(2);
    let fleet = world.fleet(&plan);
    fleet.order(|orders| orders.messages_max = 60);
    fleet.begin(TIMEOUT);
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.accepted >= 20 * 60));
    let logs = world.settle(fleet);
    let crashes: u64 = logs.iter().map(|log| log.crashes).sum();
    let answered_again: u64 = logs.iter().map(|log| log.answered_again).sum();
    assert!(crashes > 20, "{crashes}");
    assert!(answered_again > 0);
    world.end();
}

#[test]
fn who_is_away_gets_everything_later() {
    let plan = LoadPlan {
        pause_ms: 0,
        in_flight: 16,
        ..LoadPlan::new(5, 6)
    };
    let world = World::start(2);
    let fleet = world.fleet(&plan);
    fleet.order(|orders| orders.messages_max = 1);
    assert!(fleet.begin(TIMEOUT));
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.kept == 5));
    fleet.order_some(|part| !part.is_sender, |orders| orders.is_connected = false);
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.live == 5));
    fleet.order(|orders| orders.messages_max = 600);
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent == 5 * 600));
    assert_eq!(fleet.totals().kept, 5);
    fleet.order(|orders| orders.is_connected = true);
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.kept >= 5 * 600));
    world.settle(fleet);
    world.end();
}

#[test]
fn a_restart_keeps_what_waits_for_someone_away() {
    let plan = LoadPlan {
        pause_ms: 0,
        ..LoadPlan::new(5, 7)
    };
    let mut world = World::start(2);
    let fleet = world.fleet(&plan);
    fleet.order(|orders| orders.messages_max = 1);
    assert!(fleet.begin(TIMEOUT));
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.kept == 5));
    fleet.order_some(|part| !part.is_sender, |orders| orders.is_connected = false);
    fleet.order(|orders| orders.messages_max = 100);
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent == 5 * 100));
    assert!(world.node.stop().unwrap().success());
    assert_eq!(world.node.error_lines(), Vec::<String>::new());
    // Another number of cores: what is stored belongs to no core.
    world.restart(1);
    fleet.order(|orders| orders.is_connected = true);
    fleet.wake();
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.kept >= 5 * 100));
    world.settle(fleet);
    world.end();
}
