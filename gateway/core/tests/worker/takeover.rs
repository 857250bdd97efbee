//! A newer session of a device ends the older one, wherever both are, and the older one's end never harms the newer.

use ringpost_wire::ErrorCode;

use crate::clients::*;
use crate::rig::Rig;
use crate::tokens::token;

#[test]
fn the_newer_session_takes_over() {
    for (cores, old_core, new_core) in [(1, 0, 0), (2, 0, 1), (3, 1, 2), (3, 2, 2)] {
        let mut rig = Rig::new(cores);
        let bob = rig.live(0, "bob", 1);
        let old = rig.live(old_core, "ann", 1);
        let chat = rig.open(old, "bob");
        let new = rig.live(new_core, "ann", 1);
        assert_eq!(rig.fatal(old), Some(ErrorCode::TakenOver));
        let devices: usize = rig.workers.iter().map(|w| w.summary().devices).sum();
        assert_eq!(devices, 2, "the end of the old one removed nothing");
        rig.send(bob, chat, 1, b"for the new one");
        assert_eq!(rig.deliveries(new).len(), 1);
        let taken: u64 = rig.workers.iter().map(|w| w.counters().taken_over).sum();
        assert_eq!(taken, 1);
        rig.disconnect(new);
        rig.disconnect(bob);
        rig.assert_idle();
    }
}

#[test]
fn of_sessions_that_attach_at_once_one_stays() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        rig.lanes_hold = true;
        let connections: Vec<usize> = (0..4).map(|core| rig.connect(core)).collect();
        for &connection in &connections {
            rig.say(connection, &hello(&token("ann", 1, EXPIRES_S)));
        }
        rig.lanes_hold = false;
        rig.run();
        let mut open = connections
            .iter()
            .filter(|c| rig.connections[**c].closed.is_none());
        let survivor = *open.next().expect("one stays");
        assert_eq!(open.next(), None);
        let bob = rig.live(0, "bob", 1);
        let chat = rig.open(bob, "ann");
        rig.connections[survivor].inbox.clear();
        rig.send(bob, chat, 1, b"hello");
        assert_eq!(rig.deliveries(survivor).len(), 1);
    }
}

#[test]
fn a_session_that_went_while_attaching_leaves_nothing() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        rig.lanes_hold = true;
        let connection = rig.connect(cores as usize - 1);
        rig.say(connection, &hello(&token("ann", 1, EXPIRES_S)));
        rig.disconnect(connection);
        // The slot is used again before the answer comes.
        let next = rig.connect(cores as usize - 1);
        rig.lanes_hold = false;
        rig.run();
        assert_eq!(rig.kinds(next), []);
        let devices: usize = rig.workers.iter().map(|w| w.summary().devices).sum();
        assert_eq!(devices, 0);
        rig.disconnect(next);
        rig.assert_idle();
    }
}

#[test]
fn generations_ascend_when_the_clock_runs_back() {
    let mut rig = Rig::new(1);
    let mut generations = Vec::new();
    for _ in 0..3 {
        let connection = rig.connect(0);
        rig.say(connection, &hello(&token("ann", 1, EXPIRES_S)));
        let frame = rig.next_frame(connection);
        let ringpost_wire::ServerFrame::Welcome(welcome) = decoded(&frame) else {
            panic!("no welcome");
        };
        generations.push(welcome.generation);
        rig.now.clock_ms -= 1_000;
    }
    assert!(generations.is_sorted() && generations[0] < generations[1]);
}
