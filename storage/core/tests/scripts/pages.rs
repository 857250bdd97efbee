//! Pages: every number asked for is answered, with content or with why there is none.

use ringpost_storage_core::key;
use ringpost_storage_core::row::{Interval, Member, Row};
use ringpost_storage_core::{Command, Outcome, Retention, Unexecuted, execute};
use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{ChatId, EmptyRange, EmptyReason, ErrorCode, Slice};

use crate::world::{World, device, failed, message, numbers, sliced, user};

fn with_messages(count: u64, retention: Retention) -> (World, ChatId) {
    let (mut world, chat) = World::of_two(retention);
    for seq in 1..=count {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    (world, chat)
}

fn empty(from: u64, to: u64, reason: EmptyReason) -> EmptyRange {
    EmptyRange { from, to, reason }
}

#[test]
fn pages_cover_the_log_and_end_at_the_head() {
    let (mut world, chat) = with_messages(5, Retention::Days(1));
    let bob = device("bob", 1);
    let page = world.page(bob, chat, 1, 2);
    assert_eq!(
        (numbers(&page), page.to, page.complete),
        (vec![1, 2], 2, false)
    );
    let page = world.page(bob, chat, 3, 3);
    assert_eq!(
        (numbers(&page), page.to, page.complete),
        (vec![3, 4, 5], 5, true)
    );
    let page = world.page(bob, chat, 6, 3);
    assert_eq!((numbers(&page), page.to, page.complete), (vec![], 5, true));
    let page = world.page(bob, chat, SEQ_MAX, 3);
    assert_eq!((numbers(&page), page.to), (vec![], SEQ_MAX - 1));
    assert_eq!(
        world.try_page(bob, chat, 0, 3),
        failed(ErrorCode::InvalidRequest)
    );
    assert_eq!(
        world.try_page(bob, chat, 1, 0),
        failed(ErrorCode::InvalidRequest)
    );
}

#[test]
fn bytes_are_limited_but_for_one_message() {
    let (mut world, chat) = with_messages(4, Retention::Days(1));
    let bytes = world.page(device("bob", 1), chat, 1, 1).messages[0].len() as u32;
    for (bytes_max, count) in [
        (1, 1),
        (bytes, 1),
        (2 * bytes - 1, 1),
        (2 * bytes, 2),
        (4 * bytes, 4),
    ] {
        let outcome = world.one(Command::ReadPage {
            device: device("bob", 1),
            chat,
            from: 1,
            messages_max: 10,
            bytes_max,
        });
        let Outcome::Page(page) = outcome else {
            panic!("a page was asked for");
        };
        assert_eq!((page.messages.len(), page.to), (count, count as u64));
    }
}

#[test]
fn trimmed_numbers_are_an_empty_range() {
    let (mut world, chat) = with_messages(4, Retention::UntilDelivered);
    world.acknowledge(device("bob", 1), chat, 3);
    let page = world.page(device("bob", 1), chat, 2, 10);
    assert_eq!(page.empty, [empty(2, 3, EmptyReason::Trimmed)]);
    assert_eq!(
        (numbers(&page), page.first_available, page.complete),
        (vec![4], 4, true)
    );
}

#[test]
fn a_member_sees_its_intervals_only() {
    let (mut world, chat) = with_messages(9, Retention::UntilDelivered);
    let key = key::member::encode(chat, user("bob"));
    let mut member = Member::decode(&world.map.0[&key]).expect("the row is whole");
    member.visible = [(2, 4), (7, 8)]
        .map(|(from, to)| Interval { from, to })
        .into();
    world.map.0.insert(key, member.to_bytes());
    let hidden = EmptyReason::NotVisible;
    let bob = device("bob", 1);
    let page = world.page(bob, chat, 1, 100);
    assert_eq!(
        page.empty,
        [
            empty(1, 1, hidden),
            empty(5, 6, hidden),
            empty(9, 9, hidden)
        ]
    );
    assert_eq!(
        (numbers(&page), page.first_available, page.complete),
        (vec![2, 3, 4, 7, 8], 2, true)
    );
    let page = world.page(bob, chat, 3, 2);
    assert_eq!((numbers(&page), page.to), (vec![3, 4], 6));
    world.acknowledge(bob, chat, 3);
    let page = world.page(bob, chat, 1, 1);
    let trimmed = empty(2, 3, EmptyReason::Trimmed);
    assert_eq!(
        page.empty,
        [empty(1, 1, hidden), trimmed, empty(5, 6, hidden)]
    );
    assert_eq!((numbers(&page), page.first_available), (vec![4], 4));
    world.acknowledge(bob, chat, 9);
    assert_eq!(world.page(bob, chat, 1, 1).first_available, 10);
}

#[test]
fn a_message_without_a_part_for_the_reader_is_empty() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    world.register(device("bob", 2));
    let part = |number| Slice {
        device: device("bob", number),
        bytes: b"part",
    };
    for (seq, slices) in [
        vec![part(1), part(2)],
        vec![part(1)],
        vec![part(1)],
        vec![part(2)],
    ]
    .iter()
    .enumerate()
    {
        let seq = seq as u64 + 1;
        world.stored(device("ann", 1), sliced(chat, seq, seq, slices));
    }
    let no_slice = EmptyReason::NoSlice;
    let page = world.page(device("bob", 2), chat, 1, 10);
    assert_eq!(
        (numbers(&page), page.empty),
        (vec![1, 4], vec![empty(2, 3, no_slice)])
    );
    let page = world.page(device("bob", 1), chat, 1, 10);
    assert_eq!(
        (numbers(&page), page.empty),
        (vec![1, 2, 3], vec![empty(4, 4, no_slice)])
    );
    // The page holds frames as stored: who hands them out cuts them.
    assert!(
        page.messages[0]
            .windows(8)
            .any(|bytes| bytes == b"partpart")
    );
}

#[test]
fn no_page_holds_more_empty_ranges_than_a_frame() {
    let (mut world, chat) = World::of_two(Retention::Days(1));
    world.register(device("bob", 2));
    for seq in 1..=40 {
        let slice = Slice {
            device: device("bob", 1 + seq as u32 % 2),
            bytes: b"part",
        };
        world.stored(device("ann", 1), sliced(chat, seq, seq, &[slice]));
    }
    let mut from = 1;
    let mut seen = Vec::new();
    while from <= 40 {
        let page = world.page(device("bob", 1), chat, from, 7);
        let ranges: u64 = page
            .empty
            .iter()
            .map(|range| range.to - range.from + 1)
            .sum();
        assert_eq!(ranges + page.messages.len() as u64, page.to + 1 - from);
        seen.extend(numbers(&page));
        from = page.to + 1;
    }
    assert_eq!(
        seen,
        (1..=20).map(|number| number * 2).collect::<Vec<u64>>()
    );
}

#[test]
fn a_lost_message_is_damage() {
    let (mut world, chat) = with_messages(4, Retention::Days(1));
    for lost in [2, 4] {
        let mut map = world.map.clone();
        map.0.remove(&key::message::encode(chat, lost));
        let commands = [Command::ReadPage {
            device: device("bob", 1),
            chat,
            from: 1,
            messages_max: 10,
            bytes_max: 10_000,
        }];
        match execute(&commands, &map, &world.rules) {
            Err(Unexecuted::Damaged(damaged)) => {
                assert_eq!(damaged.key, key::message::encode(chat, lost));
            }
            other => panic!("{other:?}"),
        }
    }
    world.page(device("bob", 1), chat, 1, 10);
}

#[test]
fn a_device_sees_nothing_from_before_it_was_there() {
    let (mut world, chat) = with_messages(4, Retention::Days(1));
    let tablet = device("bob", 2);
    world.register(tablet);
    world.stored(device("ann", 1), message(chat, 5, 5, 0));
    let page = world.page(tablet, chat, 1, 10);
    assert_eq!(page.empty, [empty(1, 4, EmptyReason::NotVisible)]);
    assert_eq!(
        (numbers(&page), page.first_available, page.complete),
        (vec![5], 5, true)
    );
    assert_eq!(numbers(&world.page(device("bob", 1), chat, 1, 10)).len(), 5);
}
