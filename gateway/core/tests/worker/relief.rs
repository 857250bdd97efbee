//! Memory for sending runs short: who takes nothing is ended, and nobody else.

use ringpost_gateway_core::limits::UNTAKEN_MS;
use ringpost_gateway_core::{CoreId, Input};
use ringpost_wire::*;

use crate::rig::Rig;

/// Bob's devices 1 to 3, of which the last alone reads; more than they may keep waiting has come for them.
fn flooded() -> (Rig, [usize; 3]) {
    let mut rig = Rig::new(1);
    let devices = [1, 2, 3].map(|device| rig.live(0, "bob", device));
    rig.connections[devices[0]].reads = false;
    rig.connections[devices[1]].reads = false;
    let ann = rig.live(0, "ann", 1);
    let chat = rig.open(ann, "bob");
    for client_seq in 1..=40 {
        rig.send(ann, chat, client_seq, &[7; 10_000]);
    }
    (rig, devices)
}

fn short(rig: &mut Rig, bytes: usize) {
    rig.input(CoreId(0), Input::SendMemoryShort { bytes });
    rig.run();
}

fn open(rig: &Rig, devices: [usize; 3]) -> [bool; 3] {
    devices.map(|device| rig.connections[device].closed.is_none())
}

#[test]
fn as_many_as_needed_of_those_who_take_nothing_are_ended_at_once() {
    let (mut rig, devices) = flooded();
    short(&mut rig, usize::MAX);
    assert_eq!(open(&rig, devices), [true; 3], "it has only come");
    rig.wait_ms(UNTAKEN_MS);
    short(&mut rig, 1);
    assert_eq!(open(&rig, devices), [false, true, true]);
    assert_eq!(rig.connections[devices[0]].closed, Some(false), "no flush");
    short(&mut rig, usize::MAX);
    assert_eq!(open(&rig, devices), [false, false, true]);
    let refused = &rig.workers[0].counters().refused;
    assert_eq!(refused.get(&ErrorCode::SlowConsumer), Some(&2));
    rig.live(0, "bob", 1);
}

#[test]
fn who_has_taken_something_in_the_last_second_stays() {
    let (mut rig, devices) = flooded();
    let session = rig.connections[devices[1]].session;
    rig.wait_ms(UNTAKEN_MS);
    let sent_bytes = 100;
    rig.connections[devices[1]].unread_bytes -= sent_bytes;
    rig.input(
        CoreId(0),
        Input::Progress {
            session,
            sent_bytes,
        },
    );
    short(&mut rig, usize::MAX);
    assert_eq!(open(&rig, devices), [false, true, true]);
    rig.wait_ms(UNTAKEN_MS - 1);
    short(&mut rig, usize::MAX);
    assert_eq!(open(&rig, devices), [false, true, true]);
    rig.wait_ms(1);
    short(&mut rig, usize::MAX);
    assert_eq!(open(&rig, devices), [false, false, true]);
}

#[test]
fn who_reads_late_is_off_the_list() {
    let (mut rig, devices) = flooded();
    rig.wait_ms(UNTAKEN_MS);
    for device in devices {
        rig.connections[device].reads = true;
    }
    rig.run();
    short(&mut rig, usize::MAX);
    assert_eq!(open(&rig, devices), [true; 3]);
}
