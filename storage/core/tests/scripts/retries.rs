//! The retry rules of a send: what its number and its digest tell of it.

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::{Member, Row};
use ringpost_storage_core::{Outcome, Retention};
use ringpost_wire::limits::UNANSWERED_MAX;
use ringpost_wire::{ChatId, ContentClass, ErrorCode, NewMessage};

use crate::world::{World, device, frame, message};

const ANN: &str = "ann";

fn two() -> (World, ChatId) {
    World::of_two(Retention::UntilDelivered)
}

#[test]
fn the_same_number_and_message_has_the_same_answer_and_is_stored_once() {
    let (mut world, chat) = two();
    let first = world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    assert_eq!((first.client_seq, first.sent_as, first.seq), (1, 1, 1));
    assert!(first.delivery.is_some());
    world.now_ms += 1000;
    let again = world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    assert_eq!(again.delivery, None);
    assert_eq!((again.seq, again.time_ms), (first.seq, first.time_ms));
    assert_eq!(world.page(device("bob", 1), chat, 1, 10).head, 1);
}

#[test]
fn a_repeat_is_answered_after_the_message_was_trimmed() {
    let (mut world, chat) = two();
    let first = world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    world.acknowledge(device("bob", 1), chat, 1);
    assert_eq!(world.map.count(Family::Message), 0);
    let again = world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    assert_eq!((again.seq, again.time_ms), (first.seq, first.time_ms));
}

#[test]
fn the_same_number_with_another_message_is_reused() {
    let (mut world, chat) = two();
    world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    let refused = world.refused(device(ANN, 1), message(chat, 1, 8, 0));
    assert_eq!(refused.code, ErrorCode::SequenceReused);
    assert_eq!((refused.expected, refused.sent_as), (2, 1));
    world.stored(device(ANN, 1), message(chat, 2, 8, 0));
}

#[test]
fn epoch_and_unanswered_are_not_compared_but_the_class_is() {
    let (mut world, chat) = two();
    let mut send = NewMessage {
        chat,
        client_seq: 2,
        message_id: 9,
        device_epoch: 1,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: b"x",
        slices: &[],
    };
    world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    let first = world.stored(device(ANN, 1), frame(&send));
    (send.device_epoch, send.unanswered) = (77, 1);
    assert_eq!(world.stored(device(ANN, 1), frame(&send)).seq, first.seq);
    send.content_class = ContentClass::Silent;
    let refused = world.refused(device(ANN, 1), frame(&send));
    assert_eq!(refused.code, ErrorCode::SequenceReused);
}

#[test]
fn a_number_below_the_window_is_reused_even_with_the_same_message() {
    let (mut world, chat) = two();
    world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    // The second says that the first is answered.
    world.stored(device(ANN, 1), message(chat, 2, 8, 0));
    let refused = world.refused(device(ANN, 1), message(chat, 1, 7, 0));
    assert_eq!(refused.code, ErrorCode::SequenceReused);
    assert_eq!(refused.expected, 3);
}

#[test]
fn the_window_keeps_all_that_may_be_unanswered() {
    let (mut world, chat) = two();
    let sends: Vec<_> = (1..=UNANSWERED_MAX as u64)
        .map(|seq| message(chat, seq, 100 + seq, (seq - 1) as u8))
        .collect();
    for send in &sends {
        world.stored(device(ANN, 1), send.clone());
    }
    for (seq, send) in (1..).zip(&sends) {
        let again = world.stored(device(ANN, 1), send.clone());
        assert_eq!((again.seq, again.delivery), (seq, None));
    }
    world.stored(device(ANN, 1), message(chat, 17, 200, 2));
    let codes: Vec<_> = sends
        .iter()
        .map(|send| world.append(device(ANN, 1), send.clone()))
        .map(|outcome| matches!(outcome, Outcome::Appended(_)))
        .collect();
    assert_eq!(codes, (1..=16).map(|seq| seq >= 15).collect::<Vec<_>>());
}

#[test]
fn a_higher_number_is_a_gap_and_changes_nothing() {
    let (mut world, chat) = two();
    let before = world.map.clone();
    let refused = world.refused(device(ANN, 1), message(chat, 2, 8, 0));
    assert_eq!((refused.code, refused.expected), (ErrorCode::Gap, 1));
    assert_eq!(world.map, before);
    world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    world.stored(device(ANN, 1), message(chat, 2, 8, 0));
    let refused = world.refused(device(ANN, 1), message(chat, 9, 9, 0));
    assert_eq!((refused.code, refused.expected), (ErrorCode::Gap, 3));
}

#[test]
fn numbers_are_of_a_device_and_of_a_chat() {
    let (mut world, chat) = two();
    world.register(device(ANN, 2));
    world.register(device("cid", 1));
    let other_chat = world.open(ANN, "cid");
    for (index, sender) in [device(ANN, 1), device(ANN, 2), device("bob", 1)]
        .into_iter()
        .enumerate()
    {
        let stored = world.stored(sender, message(chat, 1, 7, 0));
        assert_eq!(stored.seq, index as u64 + 1);
    }
    let stored = world.stored(device(ANN, 1), message(other_chat, 1, 7, 0));
    assert_eq!(stored.seq, 1);
}

fn with_epoch(chat: ChatId, client_seq: u64, id: u64, device_epoch: u32) -> bytes::Bytes {
    frame(&NewMessage {
        chat,
        client_seq,
        message_id: id,
        device_epoch,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: b"for the devices that I know",
        slices: &[],
    })
}

#[test]
fn a_refusal_uses_the_number_up_and_is_repeated() {
    let (mut world, chat) = two();
    world.register(device("bob", 2));
    let refused = world.refused(device(ANN, 1), with_epoch(chat, 1, 7, 1));
    assert_eq!(refused.code, ErrorCode::DevicesChanged);
    assert_eq!((refused.device_epoch, refused.expected), (2, 0));
    // The world changes so that the message would be accepted now, but it has its answer.
    world.register(device("bob", 3));
    assert_eq!(
        world.refused(device(ANN, 1), with_epoch(chat, 1, 7, 1)),
        refused
    );
    assert_eq!(
        world.refused(device(ANN, 1), with_epoch(chat, 1, 7, 3)),
        refused
    );
    let reused = world.refused(device(ANN, 1), with_epoch(chat, 1, 8, 3));
    assert_eq!(
        (reused.code, reused.expected),
        (ErrorCode::SequenceReused, 2)
    );
    let stored = world.stored(device(ANN, 1), with_epoch(chat, 2, 8, 3));
    assert_eq!((stored.seq, stored.client_seq), (1, 2));
}

fn take_write_right(world: &mut World, chat: ChatId, name: &str) {
    let key = key::member::encode(chat, device(name, 1).user);
    let mut member = Member::decode(&world.map.0[&key]).expect("the row is whole");
    member.rights.write = false;
    world.map.0.insert(key, member.to_bytes());
}

#[test]
fn the_window_is_asked_before_rights() {
    let (mut world, chat) = two();
    let first = world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    take_write_right(&mut world, chat, ANN);
    let again = world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    assert_eq!(again.seq, first.seq);
    let gap = world.refused(device(ANN, 1), message(chat, 3, 9, 0));
    assert_eq!(gap.code, ErrorCode::Gap);
    for _ in 0..2 {
        let refused = world.refused(device(ANN, 1), message(chat, 2, 8, 0));
        assert_eq!(refused.code, ErrorCode::NoRight);
    }
    let next = world.refused(device(ANN, 1), message(chat, 3, 9, 0));
    assert_eq!(next.code, ErrorCode::NoRight);
}

#[test]
fn one_who_left_is_answered_from_its_window_and_a_stranger_stores_nothing() {
    let (mut world, chat) = two();
    world.stored(device(ANN, 1), message(chat, 1, 7, 0));
    let key = key::member::encode(chat, device(ANN, 1).user);
    world.map.0.remove(&key);
    assert_eq!(world.stored(device(ANN, 1), message(chat, 1, 7, 0)).seq, 1);
    let refused = world.refused(device(ANN, 1), message(chat, 2, 8, 0));
    assert_eq!(refused.code, ErrorCode::NotMember);
    let reused = world.refused(device(ANN, 1), message(chat, 2, 9, 0));
    assert_eq!(reused.code, ErrorCode::SequenceReused);

    let before = world.map.clone();
    // A stranger, a device that the chat does not list, and a chat that is not there.
    for (sender, chat, code) in [
        (device("eve", 1), chat, ErrorCode::UnknownChat),
        (device("bob", 9), chat, ErrorCode::NotMember),
        (device("bob", 1), ChatId([7; 16]), ErrorCode::UnknownChat),
    ] {
        for client_seq in [0, 1, 5] {
            let refused = world.refused(sender, message(chat, client_seq, 7, 0));
            assert_eq!((refused.code, refused.sent_as), (code, client_seq));
        }
    }
    assert_eq!(world.map, before);
}

#[test]
fn a_sender_without_numbers_is_recognised_by_its_message() {
    let (mut world, chat) = two();
    let sends: Vec<_> = (0..20).map(|id| message(chat, 0, id, 0)).collect();
    for (number, send) in (1..).zip(&sends) {
        let stored = world.stored(device(ANN, 1), send.clone());
        assert_eq!(
            (stored.client_seq, stored.sent_as, stored.seq),
            (number, 0, number)
        );
        let again = world.stored(device(ANN, 1), send.clone());
        assert_eq!((again.client_seq, again.sent_as), (number, 0));
        assert_eq!((again.seq, again.delivery), (number, None));
    }
    // All of the last 16 are recognised; an older one counts as new.
    for (number, send) in (1..).zip(&sends).skip(4) {
        assert_eq!(world.stored(device(ANN, 1), send.clone()).seq, number);
    }
    let older = world.stored(device(ANN, 1), sends[3].clone());
    assert_eq!(older.seq, 21);
    // One that begins to number goes on where the server's numbers end.
    let numbered = world.stored(device(ANN, 1), message(chat, 22, 500, 0));
    assert_eq!(numbered.seq, 22);
}

#[test]
fn a_refusal_of_a_sender_without_numbers_is_repeated() {
    let (mut world, chat) = two();
    let mut send = NewMessage {
        chat,
        client_seq: 0,
        message_id: 1,
        device_epoch: 9,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: b"x",
        slices: &[],
    };
    let refused = world.refused(device(ANN, 1), frame(&send));
    assert_eq!(refused.code, ErrorCode::DevicesChanged);
    send.device_epoch = 1;
    assert_eq!(world.refused(device(ANN, 1), frame(&send)), refused);
    send.message_id = 2;
    assert_eq!(world.stored(device(ANN, 1), frame(&send)).client_seq, 2);
}

#[test]
fn a_frame_that_is_no_send_is_refused() {
    let (mut world, chat) = two();
    for frame in [&b""[..], b"short", &[0; 88]] {
        let outcome = world.append(device(ANN, 1), bytes::Bytes::copy_from_slice(frame));
        assert_eq!(outcome, Outcome::Failed(ErrorCode::MalformedFrame));
    }
    assert_eq!(world.page(device(ANN, 1), chat, 1, 1).head, 0);
}
