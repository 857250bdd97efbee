//! Heartbeat, the end of a token, and a stop that loses nothing.

use ringpost_gateway_core::{AdminRefused, CoreId, Input};
use ringpost_storage_core::Command;
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::{Rig, START_MS};
use crate::tokens::token;

fn ping() -> Vec<u8> {
    let mut out = Vec::new();
    Ping { nonce: 9 }.encode(&mut out);
    out
}

#[test]
fn two_silent_heartbeats_end_a_session() {
    let mut rig = Rig::new(1);
    let ann = rig.live(0, "ann", 1);
    rig.wait_ms(479_000);
    rig.say(ann, &ping());
    assert_eq!(rig.kinds(ann), [FrameKind::Pong]);
    rig.wait_ms(479_900);
    assert_eq!(rig.connections[ann].closed, None);
    rig.wait_ms(200);
    assert_eq!(rig.fatal(ann), Some(ErrorCode::HeartbeatTimeout));
    rig.assert_idle();
}

#[test]
fn a_wished_heartbeat_is_kept_within_limits() {
    let mut rig = Rig::new(1);
    for (wished, granted) in [(1, 1_000), (5_000, 5_000), (u32::MAX, 1_800_000)] {
        let connection = rig.connect(0);
        let mut out = Vec::new();
        Hello {
            version_min: 1,
            version_max: 1,
            token: &token("ann", 1, EXPIRES_S),
            client: "",
            heartbeat_ms: wished,
        }
        .encode(&mut out);
        rig.say(connection, &out);
        let frame = rig.next_frame(connection);
        let ServerFrame::Welcome(welcome) = decoded(&frame) else {
            panic!("no welcome");
        };
        assert_eq!(welcome.heartbeat_ms, granted);
    }
}

#[test]
fn a_session_ends_with_its_token_unless_a_newer_came() {
    let mut rig = Rig::new(2);
    let connect = |rig: &mut Rig, name| {
        let connection = rig.connect(0);
        rig.say(connection, &hello(&token(name, 1, START_MS / 1_000 + 60)));
        rig.connections[connection].inbox.clear();
        connection
    };
    let ann = connect(&mut rig, "ann");
    let bob = connect(&mut rig, "bob");
    let cat = connect(&mut rig, "cat");
    rig.wait_ms(59_000);
    let newer = |name, expires_s| {
        let mut out = Vec::new();
        let token = &token(name, 1, expires_s);
        Reauthenticate { token }.encode(&mut out);
        out
    };
    rig.say(bob, &newer("bob", START_MS / 1_000 + 120));
    rig.say(cat, &newer("bob", START_MS / 1_000 + 120));
    assert_eq!(rig.fatal(cat), Some(ErrorCode::TokenOtherDevice));
    rig.wait_ms(1_100);
    assert_eq!(rig.fatal(ann), Some(ErrorCode::TokenExpired));
    assert_eq!(rig.kinds(bob), []);
    rig.wait_ms(60_000);
    assert_eq!(rig.fatal(bob), Some(ErrorCode::TokenExpired));
    rig.assert_idle();
}

#[test]
fn an_old_session_ends_so_that_its_device_signs_in_anew() {
    const STEP_MS: u64 = 6 * 60 * 1_000;
    const HOUR_MS: u64 = 60 * 60 * 1_000;
    let mut rig = Rig::new(1);
    let sessions = ["ann", "bob"].map(|name| rig.live(0, name, 1));
    let mut ends_ms = [0; 2];
    for now_ms in (0..25 * HOUR_MS).step_by(STEP_MS as usize) {
        for (end_ms, session) in ends_ms.iter_mut().zip(sessions) {
            if rig.connections[session].closed.is_none() {
                rig.say(session, &ping());
                rig.connections[session].inbox.clear();
                *end_ms = now_ms + STEP_MS;
            }
        }
        rig.wait_ms(STEP_MS);
    }
    for (end_ms, session) in ends_ms.into_iter().zip(sessions) {
        assert_eq!(rig.fatal(session), Some(ErrorCode::Draining));
        assert!((18 * HOUR_MS..=24 * HOUR_MS + STEP_MS).contains(&end_ms));
    }
    assert_ne!(ends_ms[0], ends_ms[1], "they come back one by one");
    rig.assert_idle();
}

#[test]
fn a_drain_asks_all_to_go_and_answers_what_is_under_way() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let ann = rig.live(0, "ann", 1);
        let bob = rig.live(1, "bob", 1);
        let chat = rig.open(ann, "bob");
        let opening = rig.connect(0);
        for core in 0..cores {
            rig.input(
                CoreId(core),
                Input::Drain {
                    spread_ms: 0,
                    delay_ms: 5_000,
                },
            );
        }
        rig.run();
        assert_eq!(rig.kinds(ann), [FrameKind::GoAway]);
        let frame = rig.next_frame(bob);
        let ServerFrame::GoAway(go) = decoded(&frame) else {
            panic!("no GoAway");
        };
        assert_eq!(go.delay_ms, 5_000);
        let late = rig.connect(0);
        rig.run();
        assert_eq!(rig.fatal(late), Some(ErrorCode::Draining));
        rig.send(ann, chat, 1, b"still works");
        assert_eq!(rig.answers(ann), [(1, Ok(1))]);
        rig.wait_ms(4_900);
        rig.lanes_hold = true;
        rig.send(ann, chat, 2, b"under way");
        rig.wait_ms(200);
        assert_eq!(rig.fatal(ann), Some(ErrorCode::Draining));
        assert_eq!(rig.fatal(opening), Some(ErrorCode::Draining));
        assert!(
            rig.workers
                .iter()
                .any(|worker| !worker.summary().is_drained())
        );
        rig.lanes_hold = false;
        rig.run();
        assert!(
            rig.workers
                .iter()
                .all(|worker| worker.summary().is_drained())
        );
        rig.assert_idle();
    }
}

#[test]
fn an_operator_is_answered_by_the_home_only() {
    let mut rig = Rig::new(2);
    let chat = chat("ann", "bob");
    let home = rig.workers[0].shards().chat_home(chat);
    let other = CoreId(1 - home.0);
    for (core, ticket) in [(home, 1), (other, 2)] {
        let command = Command::InspectChat { chat };
        rig.input(core, Input::Admin { ticket, command });
    }
    rig.run();
    let answers = rig.admin_answers.join("\n");
    assert!(answers.contains("1 Ok(Failed(UnknownChat))"), "{answers}");
    let refused = format!("2 Err({:?})", AdminRefused::OtherHome(home));
    assert!(answers.contains(&refused), "{answers}");
}

/// When each session is asked to go and when it is closed, in milliseconds after the beginning.
fn departures(rig: &mut Rig, sessions: &[usize], until_ms: u64) -> Vec<(u64, u64)> {
    let mut times = vec![(0, 0); sessions.len()];
    rig.run();
    for elapsed_ms in 0..until_ms {
        for (&session, times) in sessions.iter().zip(&mut times) {
            for kind in rig.kinds(session) {
                match kind {
                    FrameKind::GoAway => times.0 = elapsed_ms,
                    FrameKind::Failure => times.1 = elapsed_ms,
                    _ => panic!("{kind:?}"),
                }
            }
            rig.connections[session].inbox.clear();
        }
        rig.wait_ms(1);
    }
    times
}

#[test]
fn a_drain_is_spread_over_its_time() {
    let mut rig = Rig::new(1);
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let sessions: Vec<_> = names.iter().map(|name| rig.live(0, name, 1)).collect();
    let drain = Input::Drain {
        spread_ms: 600_000,
        delay_ms: 100,
    };
    rig.input(CoreId(0), drain);
    let times = departures(&mut rig, &sessions, 200);
    // So few sessions are asked as fast as a drain goes at least: 2 ms each.
    for (slot, (asked_ms, closed_ms)) in times.iter().copied().enumerate() {
        let expected_ms = 2 * slot as u64;
        assert!(
            (expected_ms..=expected_ms + 2).contains(&asked_ms),
            "{times:?}"
        );
        assert!((100..=102).contains(&(closed_ms - asked_ms)), "{times:?}");
    }
    assert!(rig.workers[0].summary().is_drained());
}

#[test]
fn a_second_order_hastens_a_drain_and_never_delays_it() {
    let mut rig = Rig::new(1);
    let sessions = ["a", "b", "c", "d"].map(|name| rig.live(0, name, 1));
    for (spread_ms, delay_ms) in [(8, 1_000), (0, 5_000), (0, 10)] {
        rig.input(
            CoreId(0),
            Input::Drain {
                spread_ms,
                delay_ms,
            },
        );
    }
    let times = departures(&mut rig, &sessions, 20);
    assert!(times.iter().all(|times| times.0 <= 1), "{times:?}");
    assert!(
        times.iter().all(|times| (10..=12).contains(&times.1)),
        "{times:?}"
    );
    assert!(rig.workers[0].summary().is_drained());
}
