//! More senders than a head holds windows: the windows of the others are kept in rows of their own and lose nothing.

use ringpost_storage_core::Retention;
use ringpost_storage_core::key::Family;
use ringpost_storage_core::limits::{DEVICES_MAX, HEAD_WINDOWS_MAX};
use ringpost_wire::{DeviceAddress, ErrorCode};

use crate::world::{World, device, message};

/// More devices of Ann and Bob than a head holds windows.
fn many() -> (World, ringpost_wire::ChatId, Vec<DeviceAddress>) {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let mut senders = Vec::new();
    for name in ["ann", "bob"] {
        for number in 1..=DEVICES_MAX as u32 {
            world.register(device(name, number));
            senders.push(device(name, number));
        }
    }
    assert!(senders.len() > HEAD_WINDOWS_MAX);
    (world, chat, senders)
}

#[test]
fn each_sender_keeps_its_window_wherever_it_is() {
    let (mut world, chat, senders) = many();
    for round in 1..=3 {
        for (index, sender) in senders.iter().enumerate() {
            let id = 1000 * round + index as u64;
            let stored = world.stored(*sender, message(chat, round, id, 0));
            let again = world.stored(*sender, message(chat, round, id, 0));
            assert_eq!((again.seq, again.delivery), (stored.seq, None));
        }
        let spilled = senders.len() - HEAD_WINDOWS_MAX;
        assert_eq!(world.map.count(Family::Window), spilled);
    }
    for (index, sender) in senders.iter().enumerate() {
        let again = world.stored(*sender, message(chat, 3, 3000 + index as u64, 0));
        assert_eq!(again.delivery, None);
        let gap = world.refused(*sender, message(chat, 5, 1, 0));
        assert_eq!((gap.code, gap.expected), (ErrorCode::Gap, 4));
    }
}

#[test]
fn a_repeat_from_a_row_writes_nothing() {
    let (mut world, chat, senders) = many();
    for (index, sender) in senders.iter().enumerate() {
        world.stored(*sender, message(chat, 1, index as u64, 0));
    }
    let before = world.map.clone();
    world.stored(senders[0], message(chat, 1, 0, 0));
    world.refused(senders[1], message(chat, 1, 99, 0));
    assert_eq!(world.map, before);
}
