//! Opening chats, and what a chat does with a message: recipients, blocks, time, more members than a head names.

use bytes::Bytes;
use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::limits::HEAD_MEMBERS_MAX;
use ringpost_storage_core::outcome::ChatOpened;
use ringpost_storage_core::row::{Head, Interval, Member, MemberDevice, Rights, Row};
use ringpost_storage_core::{Command, Outcome, Retention};
use ringpost_wire::limits::{CLOCK_MS_MAX, SEQ_MAX};
use ringpost_wire::{ChatId, ErrorCode, MessageView, UserId};

use crate::world::{NOW_MS, World, device, failed, message, user};

fn open(opener: &str, other: &str) -> Command {
    Command::OpenChat {
        opener: user(opener),
        other: user(other),
        now_ms: NOW_MS,
    }
}

#[test]
fn opening_is_idempotent_from_both_sides() {
    let mut world = World::new(Retention::UntilDelivered);
    world.register(device("ann", 1));
    assert_eq!(
        world.one(open("ann", "bob")),
        failed(ErrorCode::UnknownUser)
    );
    assert_eq!(
        world.one(open("bob", "ann")),
        failed(ErrorCode::UnknownUser)
    );
    world.register(device("bob", 1));
    let mut opened = ChatOpened {
        chat: ChatId::one_to_one(user("ann"), user("bob")),
        head: 0,
        device_epoch: 1,
        created: true,
    };
    assert_eq!(world.one(open("ann", "bob")), Outcome::ChatOpened(opened));
    opened.created = false;
    let before = world.map.clone();
    assert_eq!(world.one(open("ann", "bob")), Outcome::ChatOpened(opened));
    assert_eq!(world.one(open("bob", "ann")), Outcome::ChatOpened(opened));
    assert_eq!(world.map, before);
    world.stored(device("bob", 1), message(opened.chat, 1, 1, 0));
    opened.head = 1;
    assert_eq!(world.one(open("bob", "ann")), Outcome::ChatOpened(opened));
}

#[test]
fn a_chat_with_oneself_on_one_device_stores_nothing() {
    let mut world = World::new(Retention::UntilDelivered);
    world.register(device("ann", 1));
    let chat = world.open("ann", "ann");
    let stored = world.stored(device("ann", 1), message(chat, 1, 1, 0));
    let delivery = stored.delivery.expect("it is new");
    assert_eq!((stored.seq, delivery.members), (1, Vec::new()));
    assert_eq!(
        (
            world.map.count(Family::Message),
            world.map.count(Family::Pending)
        ),
        (0, 0)
    );
    let page = world.page(device("ann", 1), chat, 1, 10);
    assert_eq!((page.head, page.delivered_to, page.read_to), (1, 1, 1));
    world.register(device("ann", 2));
    world.stored(device("ann", 1), message(chat, 2, 2, 0));
    assert_eq!(world.pending(device("ann", 2), 10)[0].from, 2);
}

#[test]
fn the_stored_frame_is_the_senders_with_the_servers_fields() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let send = message(chat, 0, 42, 0);
    let stored = world.stored(device("ann", 1), send.clone());
    let frame = stored.delivery.expect("it is new").frame;
    let view = MessageView::of_deliver(&frame).expect("the store keeps whole frames");
    let sent = MessageView::of_send(&send).expect("it is a send");
    assert_eq!(view.payload(), sent.payload());
    assert_eq!((view.message_id(), view.chat()), (42, chat));
    assert_eq!((view.sender(), view.client_seq()), (device("ann", 1), 1));
    assert_eq!((view.seq(), view.time_ms()), (1, NOW_MS));
    assert_eq!(world.page(device("bob", 1), chat, 1, 1).messages, [frame]);
}

#[test]
fn time_never_runs_back() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let mut times = Vec::new();
    for (seq, now_ms) in (1..).zip([0, NOW_MS + 5, NOW_MS, 0, u64::MAX, NOW_MS + 9]) {
        world.now_ms = now_ms;
        times.push(
            world
                .stored(device("ann", 1), message(chat, seq, seq, 0))
                .time_ms,
        );
    }
    let last = CLOCK_MS_MAX;
    assert_eq!(
        times,
        [NOW_MS, NOW_MS + 5, NOW_MS + 5, NOW_MS + 5, last, last]
    );
}

fn change_member(world: &mut World, chat: ChatId, name: &str, change: impl FnOnce(&mut Member)) {
    let key = key::member::encode(chat, user(name));
    let mut member = Member::decode(&world.map.0[&key]).expect("the row is whole");
    change(&mut member);
    world.map.0.insert(key, member.to_bytes());
}

#[test]
fn who_blocks_receives_nothing_and_the_sender_does_not_learn_of_it() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    change_member(&mut world, chat, "bob", |member| {
        member.blocks_others = true
    });
    let stored = world.stored(device("ann", 1), message(chat, 1, 1, 0));
    let delivery = stored.delivery.expect("it is new");
    assert_eq!(
        (delivery.members, delivery.became_pending),
        (Vec::new(), Vec::new())
    );
    assert_eq!(world.pending(device("bob", 1), 10), []);
    let stored = world.stored(device("bob", 1), message(chat, 1, 2, 0));
    assert_eq!(stored.delivery.expect("it is new").members, [user("ann")]);
}

#[test]
fn who_cannot_see_a_message_is_no_recipient() {
    let (mut world, chat) = World::of_two(Retention::Days(9));
    change_member(&mut world, chat, "bob", |member| member.visible[0].to = 1);
    for (seq, members) in [(1, vec![user("bob")]), (2, Vec::new())] {
        let stored = world.stored(device("ann", 1), message(chat, seq, seq, 0));
        assert_eq!(stored.delivery.expect("it is new").members, members);
    }
    assert_eq!(world.pending(device("bob", 1), 10)[0].from, 1);
}

/// A chat of more members than its head names, as a group would be.
fn group(world: &mut World, count: u8) -> (ChatId, Vec<UserId>) {
    let chat = ChatId([0x44; 16]);
    let users: Vec<UserId> = (0..count).map(|number| UserId([number; 16])).collect();
    let member = Member {
        rights: Rights {
            read: true,
            write: true,
        },
        blocks_others: false,
        visible: vec![Interval {
            from: 1,
            to: SEQ_MAX,
        }],
        devices: vec![MemberDevice {
            device: 1,
            start: 1,
        }],
    };
    for user in &users {
        let key = key::member::encode(chat, *user);
        world.map.0.insert(key, member.to_bytes());
    }
    let key = key::head::encode(ChatId::one_to_one(user("ann"), user("bob")));
    let mut head = Head::decode(&world.map.0[&key]).expect("the row is whole");
    head.members.clear();
    world.map.0.insert(key::head::encode(chat), head.to_bytes());
    (chat, users)
}

#[test]
fn nothing_assumes_two_members() {
    let (mut world, _) = World::of_two(Retention::UntilDelivered);
    let (chat, users) = group(&mut world, HEAD_MEMBERS_MAX as u8 + 3);
    let address = |user: UserId| ringpost_wire::DeviceAddress { user, device: 1 };
    let sender = address(users[4]);
    let stored = world.stored(sender, message(chat, 1, 1, 0));
    let mut others = users.clone();
    others.remove(4);
    let delivery = stored.delivery.expect("it is new");
    assert_eq!(
        (&delivery.members, &delivery.became_pending),
        (&others, &others)
    );
    assert_eq!(world.map.count(Family::Pending), others.len());
    let (last, but_last) = others.split_last().expect("there are others");
    for user in but_last {
        world.acknowledge(address(*user), chat, 1);
        assert_eq!(world.page(sender, chat, 1, 1).delivered_to, 0);
        assert_eq!(world.map.count(Family::Message), 1);
    }
    world.acknowledge(address(*last), chat, 1);
    assert_eq!(world.map.count(Family::Message), 0);
    assert_eq!(world.page(sender, chat, 1, 1).delivered_to, 1);
    let Outcome::ReadMarked(marked) = world.mark_read(address(*last), chat, 1) else {
        panic!("a mark was set");
    };
    assert_eq!(
        marked.receipt.expect("it moved").members.len(),
        users.len() - 1
    );
}

#[test]
fn a_damaged_row_stops_the_batch_and_names_itself() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let key = key::head::encode(chat);
    world.map.0.insert(key, Bytes::from_static(b"\x01damaged"));
    let commands = [Command::InspectChat { chat }];
    let result = ringpost_storage_core::execute(&commands, &world.map, &world.rules);
    match result {
        Err(ringpost_storage_core::Unexecuted::Damaged(damaged)) => assert_eq!(damaged.key, key),
        other => panic!("{other:?}"),
    }
}
