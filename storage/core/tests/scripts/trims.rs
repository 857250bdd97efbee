//! Trimming: by delivery at once, by days when asked, and never past a device that still has to get a message.

use ringpost_storage_core::key::Family;
use ringpost_storage_core::limits::TRIM_MESSAGES_MAX;
use ringpost_storage_core::{Command, Outcome, Retention};
use ringpost_wire::{ChatId, ErrorCode};

use crate::world::{NOW_MS, World, device, failed, message};

const DAY_MS: u64 = 86_400_000;

fn trim(world: &mut World, chat: ChatId, now_ms: u64) -> (u64, bool) {
    match world.one(Command::Trim { chat, now_ms }) {
        Outcome::Trimmed { removed, more } => (removed, more),
        other => panic!("{other:?}"),
    }
}

#[test]
fn delivered_messages_go_at_once_by_default() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    for seq in 1..=100 {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    for (acknowledged, kept) in [(1, 99), (20, 80), (90, 10), (100, 0)] {
        world.acknowledge(device("bob", 1), chat, acknowledged);
        assert_eq!(world.map.count(Family::Message), kept);
    }
    assert_eq!(trim(&mut world, chat, NOW_MS), (0, false));
}

#[test]
fn days_keep_delivered_messages_until_they_are_old() {
    let (mut world, chat) = World::of_two(Retention::Days(2));
    for seq in 1..=4 {
        world.now_ms = NOW_MS + seq * DAY_MS;
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    world.acknowledge(device("bob", 1), chat, 3);
    assert_eq!(world.map.count(Family::Message), 4);
    assert_eq!(trim(&mut world, chat, NOW_MS + 3 * DAY_MS), (0, false));
    assert_eq!(trim(&mut world, chat, NOW_MS + 3 * DAY_MS + 1), (1, false));
    // The fourth is old too, but Bob has not got it.
    assert_eq!(trim(&mut world, chat, NOW_MS + 99 * DAY_MS), (2, false));
    assert_eq!(world.page(device("bob", 1), chat, 1, 10).messages.len(), 1);
    world.acknowledge(device("bob", 1), chat, 4);
    assert_eq!(trim(&mut world, chat, NOW_MS + 99 * DAY_MS), (1, false));
    assert_eq!(world.page(device("bob", 1), chat, 1, 10).first_available, 5);
}

#[test]
fn one_trim_removes_a_bounded_number() {
    let (mut world, chat) = World::of_two(Retention::Days(1));
    let count = TRIM_MESSAGES_MAX as u64 + 44;
    for seq in 1..=count {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    world.acknowledge(device("bob", 1), chat, count);
    let late = NOW_MS + 9 * DAY_MS;
    let mut other = world.clone();
    assert_eq!(
        trim(&mut world, chat, late),
        (TRIM_MESSAGES_MAX as u64, true)
    );
    assert_eq!(trim(&mut world, chat, late), (44, false));
    assert_eq!(world.map.count(Family::Message), 0);
    // Whoever changes from days to delivery gets rid of the rest in the same way.
    other.rules.retention = Retention::UntilDelivered;
    assert_eq!(trim(&mut other, chat, 0), (TRIM_MESSAGES_MAX as u64, true));
    assert_eq!(trim(&mut other, chat, 0), (44, false));
    assert_eq!(other.map, world.map);
}

#[test]
fn an_unknown_chat_is_not_trimmed() {
    let mut world = World::new(Retention::UntilDelivered);
    let chat = ChatId([3; 16]);
    let unknown = failed(ErrorCode::UnknownChat);
    assert_eq!(world.one(Command::Trim { chat, now_ms: 1 }), unknown);
    assert_eq!(world.one(Command::InspectChat { chat }), unknown);
}
