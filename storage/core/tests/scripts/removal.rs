//! A member who is removed while sending, and comes back: what was stored stays answered, what was refused stays refused.

use ringpost_storage_core::key;
use ringpost_storage_core::{Outcome, Retention};
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode};

use crate::world::{World, device, message, user};

/// Takes Ann out of the chat, as a group does, for as long as `meanwhile` lasts.
fn while_removed(world: &mut World, chat: ChatId, meanwhile: impl FnOnce(&mut World)) {
    let key = key::member::encode(chat, user("ann"));
    let member = world.map.0.remove(&key).expect("Ann is a member");
    meanwhile(world);
    world.map.0.insert(key, member);
}

fn refused_code(
    world: &mut World,
    sender: DeviceAddress,
    (chat, number): (ChatId, u64),
) -> ErrorCode {
    let unanswered = number.min(3) as u8 - 1;
    world
        .refused(sender, message(chat, number, 100 + number, unanswered))
        .code
}

#[test]
fn every_number_keeps_the_answer_that_it_had_first() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let ann = device("ann", 1);
    let first = world.stored(ann, message(chat, 1, 101, 0));
    while_removed(&mut world, chat, |world| {
        let again = world.stored(ann, message(chat, 1, 101, 0));
        assert_eq!(
            (again.seq, again.delivery),
            (first.seq, None),
            "it was stored"
        );
        for number in [2, 3, 2] {
            let code = refused_code(world, ann, (chat, number));
            assert_eq!(code, ErrorCode::NotMember, "number {number}");
        }
        let head = world.page(device("bob", 1), chat, 1, 10).head;
        assert_eq!(head, 1, "nothing more is stored");
    });
    for number in [2, 3] {
        let code = refused_code(&mut world, ann, (chat, number));
        assert_eq!(
            code,
            ErrorCode::NotMember,
            "{number} was refused and stays so"
        );
    }
    let next = world.stored(ann, message(chat, 4, 104, 2));
    assert_eq!(
        (next.client_seq, next.seq),
        (4, 2),
        "no hole in the chat's numbers"
    );
}

#[test]
fn nothing_of_the_chat_is_told_to_who_is_removed() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let ann = device("ann", 1);
    world.stored(device("bob", 1), message(chat, 1, 7, 0));
    while_removed(&mut world, chat, |world| {
        let unknown = Outcome::Failed(ErrorCode::UnknownChat);
        assert_eq!(world.acknowledge(ann, chat, 1), unknown);
        assert_eq!(world.mark_read(ann, chat, 1), unknown);
        let second = world.stored(device("bob", 1), message(chat, 2, 8, 0));
        let members = second.delivery.expect("it is new").members;
        assert!(!members.contains(&user("ann")), "delivered to {members:?}");
    });
}
