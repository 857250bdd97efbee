//! Acknowledgements and read marks: they move forward only, and tell whom they concern.

use ringpost_storage_core::outcome::{Acknowledged, ReadMarked, ReceiptDue};
use ringpost_storage_core::{Outcome, Retention};
use ringpost_wire::{ChatId, ErrorCode, PendingChat, Receipt};

use crate::world::{World, device, failed, message, user};

fn with_messages(count: u64) -> (World, ChatId) {
    let (mut world, chat) = World::of_two(Retention::Days(30));
    for seq in 1..=count {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    (world, chat)
}

fn receipt(chat: ChatId, delivered_to: u64, read_to: u64) -> Option<ReceiptDue> {
    Some(ReceiptDue {
        receipt: Receipt {
            chat,
            user: user("bob"),
            delivered_to,
            read_to,
        },
        members: vec![user("ann")],
    })
}

fn acknowledged(receipt: Option<ReceiptDue>, next: Option<u64>) -> Outcome {
    Outcome::Acknowledged(Acknowledged { receipt, next })
}

#[test]
fn an_acknowledgement_moves_forward_only() {
    let (mut world, chat) = with_messages(5);
    let bob = device("bob", 1);
    assert_eq!(
        world.acknowledge(bob, chat, 3),
        acknowledged(receipt(chat, 3, 0), Some(4))
    );
    for seq in [3, 2, 0] {
        assert_eq!(
            world.acknowledge(bob, chat, seq),
            acknowledged(None, Some(4))
        );
    }
    assert_eq!(
        world.acknowledge(bob, chat, 6),
        failed(ErrorCode::BeyondHead)
    );
    assert_eq!(
        world.acknowledge(bob, chat, 5),
        acknowledged(receipt(chat, 5, 0), None)
    );
    assert_eq!(world.acknowledge(bob, chat, 1), acknowledged(None, None));
    assert_eq!(world.pending(bob, 10), []);
}

#[test]
fn all_chats_of_a_device_are_listed_with_how_far_it_has_acknowledged_each() {
    let (mut world, one) = with_messages(5);
    world.register(device("cid", 1));
    let other = world.open("bob", "cid");
    let empty = world.open("bob", "bob");
    let strange = world.open("ann", "cid");
    world.stored(device("cid", 1), message(other, 1, 1, 0));
    let bob = device("bob", 1);
    world.acknowledge(bob, one, 5);
    for chats_max in [1, 2, 10] {
        let listed = world.all_chats(bob, chats_max);
        let mut expected = [(one, 6, 5), (other, 1, 1), (empty, 1, 0)];
        expected.sort_unstable();
        let places = listed
            .iter()
            .map(|entry| (entry.chat, entry.from, entry.head));
        assert_eq!(places.collect::<Vec<_>>(), expected);
        assert!(listed.iter().all(|entry| entry.chat != strange));
    }
    // Read marks of others come with a chat in which nothing is pending, too.
    world.mark_read(device("ann", 1), one, 4);
    let marks =
        |entry: &PendingChat| (entry.chat == one).then_some((entry.delivered_to, entry.read_to));
    assert_eq!(
        world.all_chats(bob, 10).iter().find_map(marks),
        Some((5, 4))
    );
}

#[test]
fn a_chat_that_does_not_deliver_to_a_device_yet_is_not_listed() {
    let (mut world, chat) = with_messages(2);
    let two = device("bob", 2);
    world.try_register(two, None);
    assert_eq!(world.all_chats(two, 10), []);
    world.register(two);
    let places: Vec<_> = world
        .all_chats(two, 10)
        .iter()
        .map(|entry| (entry.chat, entry.from, entry.head))
        .collect();
    assert_eq!(places, [(chat, 3, 2)]);
}

#[test]
fn the_first_device_counts_as_delivered() {
    let (mut world, chat) = with_messages(2);
    world.register(device("bob", 2));
    for seq in 3..=5 {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    let [one, two] = [1, 2].map(|number| device("bob", number));
    // The second begins at the head that it was linked at: it has everything before.
    assert_eq!(world.acknowledge(one, chat, 1), acknowledged(None, Some(2)));
    assert_eq!(world.page(device("ann", 1), chat, 1, 1).delivered_to, 2);
    assert_eq!(
        world.acknowledge(two, chat, 4),
        acknowledged(receipt(chat, 4, 0), Some(5))
    );
    assert_eq!(world.acknowledge(one, chat, 4), acknowledged(None, Some(5)));
    assert_eq!(
        world.acknowledge(one, chat, 5),
        acknowledged(receipt(chat, 5, 0), None)
    );
    assert_eq!(world.acknowledge(two, chat, 5), acknowledged(None, None));
}

#[test]
fn strangers_and_unlisted_devices_change_nothing() {
    let (mut world, chat) = with_messages(1);
    let before = world.map.clone();
    let nowhere = ChatId([1; 16]);
    for (reader, chat, code) in [
        (device("eve", 1), chat, ErrorCode::UnknownChat),
        (device("bob", 7), chat, ErrorCode::NotMember),
        (device("bob", 1), nowhere, ErrorCode::UnknownChat),
    ] {
        assert_eq!(world.acknowledge(reader, chat, 1), failed(code));
        assert_eq!(world.mark_read(reader, chat, 1), failed(code));
        assert_eq!(world.try_page(reader, chat, 1, 1), failed(code));
    }
    assert_eq!(world.map, before);
}

#[test]
fn a_read_mark_moves_forward_only_and_goes_with_every_receipt() {
    let (mut world, chat) = with_messages(5);
    let bob = device("bob", 1);
    let marked = |receipt| Outcome::ReadMarked(ReadMarked { receipt });
    world.acknowledge(bob, chat, 3);
    assert_eq!(world.mark_read(bob, chat, 2), marked(receipt(chat, 3, 2)));
    assert_eq!(world.mark_read(bob, chat, 2), marked(None));
    assert_eq!(world.mark_read(bob, chat, 1), marked(None));
    assert_eq!(world.mark_read(bob, chat, 6), failed(ErrorCode::BeyondHead));
    assert_eq!(
        world.acknowledge(bob, chat, 4),
        acknowledged(receipt(chat, 4, 2), Some(5))
    );
    let page = world.page(device("ann", 1), chat, 1, 1);
    assert_eq!((page.delivered_to, page.read_to), (4, 2));
    let page = world.page(bob, chat, 1, 1);
    assert_eq!((page.delivered_to, page.read_to), (5, 0));
}

#[test]
fn a_read_mark_reaches_the_readers_other_devices() {
    let (mut world, chat) = with_messages(1);
    world.register(device("bob", 2));
    let Outcome::ReadMarked(marked) = world.mark_read(device("bob", 1), chat, 1) else {
        panic!("a mark was set");
    };
    let mut everyone = ["ann", "bob"].map(user);
    everyone.sort();
    assert_eq!(marked.receipt.expect("it moved").members, everyone);
}
