//! Registering and linking devices: idempotent, limited, and no message missed between.

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::limits::{DEVICES_MAX, LINK_PAGE_CHATS};
use ringpost_storage_core::outcome::Registered;
use ringpost_storage_core::row::{Device, DeviceState, Row};
use ringpost_storage_core::{Command, Outcome, Retention};
use ringpost_wire::{ErrorCode, UserId};

use crate::world::{NOW_MS, World, device, failed, message};

fn registered(created: bool) -> Outcome {
    Outcome::Registered(Registered {
        created,
        linked: true,
        unlinked: Vec::new(),
        next: None,
    })
}

#[test]
fn registering_is_idempotent() {
    let mut world = World::new(Retention::UntilDelivered);
    assert_eq!(world.try_register(device("ann", 1), None), registered(true));
    let before = world.map.clone();
    assert_eq!(
        world.try_register(device("ann", 1), None),
        registered(false)
    );
    assert_eq!(world.map, before);
    assert_eq!(world.try_register(device("ann", 2), None), registered(true));
}

#[test]
fn an_unknown_device_is_refused_where_registration_is_off() {
    let mut world = World::new(Retention::UntilDelivered);
    let command = Command::RegisterDevice {
        issued_ms: u64::MAX,
        device: device("ann", 1),
        create: false,
        link_after: None,
        now_ms: NOW_MS,
    };
    assert_eq!(world.one(command.clone()), failed(ErrorCode::DeviceRefused));
    assert!(world.map.0.is_empty());
    world.register(device("ann", 1));
    assert_eq!(world.one(command), registered(false));
}

#[test]
fn a_user_has_a_limited_number_of_devices_and_unlinked_ones_do_not_count() {
    let mut world = World::new(Retention::UntilDelivered);
    for number in 1..=DEVICES_MAX as u32 {
        world.register(device("ann", number));
    }
    let refused = failed(ErrorCode::DeviceRefused);
    assert_eq!(world.try_register(device("ann", 17), None), refused);
    let unlinked = Device {
        revoked_to_ms: 0,
        created_ms: 1,
        last_seen_day: 0,
        state: DeviceState::Unlinked,
    };
    let key = key::device::encode(device("ann", 3));
    world.map.0.insert(key, unlinked.to_bytes());
    assert_eq!(
        world.try_register(device("ann", 17), None),
        registered(true)
    );
    let gone = failed(ErrorCode::DeviceUnlinked);
    assert_eq!(world.try_register(device("ann", 3), None), gone);
    let finish = Command::FinishLinking {
        device: device("ann", 3),
    };
    assert_eq!(world.one(finish), gone);
}

#[test]
fn a_new_device_is_linked_page_by_page_before_it_is_live() {
    let mut world = World::new(Retention::UntilDelivered);
    world.register(device("ann", 1));
    let chats = LINK_PAGE_CHATS + 10;
    for other in 0..chats {
        let name = format!("friend {other}");
        world.register(device(&name, 1));
        world.open("ann", &name);
    }
    let Outcome::Registered(first) = world.try_register(device("ann", 2), None) else {
        panic!("a device registers");
    };
    assert!(first.created && !first.linked);
    assert_eq!(first.unlinked.len(), LINK_PAGE_CHATS);
    assert_eq!(first.next, first.unlinked.last().copied());
    // One that comes back in the middle begins again.
    let Outcome::Registered(again) = world.try_register(device("ann", 2), None) else {
        panic!("a device registers");
    };
    assert_eq!(again.unlinked, first.unlinked);
    let Outcome::Registered(second) = world.try_register(device("ann", 2), first.next) else {
        panic!("a device registers");
    };
    assert_eq!((second.unlinked.len(), second.next), (10, None));
    world.register(device("ann", 2));
    assert_eq!(
        world.try_register(device("ann", 2), None),
        registered(false)
    );
    let name = format!("friend {}", chats / 2);
    let chat = world.open("ann", &name);
    world.stored(device(&name, 1), message(chat, 1, 1, 0));
    assert_eq!(world.pending(device("ann", 2), 10).len(), 1);
}

#[test]
fn linking_is_idempotent_and_starts_at_the_head() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    world.stored(device("ann", 1), message(chat, 1, 1, 0));
    world.try_register(device("bob", 2), None);
    // A chat that opens meanwhile has the device from the start.
    world.register(device("cid", 1));
    let opened = world.open("cid", "bob");
    let link = |chat| Command::LinkDevice {
        chat,
        device: device("bob", 2),
    };
    assert_eq!(world.one(link(chat)), Outcome::Linked);
    let before = world.map.clone();
    assert_eq!(world.one(link(chat)), Outcome::Linked);
    assert_eq!(world.one(link(opened)), Outcome::Linked);
    assert_eq!(world.map, before);
    world.stored(device("ann", 1), message(chat, 2, 2, 0));
    world.stored(device("cid", 1), message(opened, 1, 3, 0));
    let from: Vec<_> = world
        .pending(device("bob", 2), 10)
        .iter()
        .map(|entry| (entry.chat, entry.from))
        .collect();
    let mut expected = vec![(chat, 2), (opened, 1)];
    expected.sort();
    assert_eq!(from, expected);
    let Outcome::Inspected(inspected) = world.one(Command::InspectChat { chat }) else {
        panic!("a chat is inspected");
    };
    assert_eq!(inspected.device_epoch, 2);
}

#[test]
fn nothing_to_link_is_no_error() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let before = world.map.clone();
    let stranger = device("eve", 1);
    let nowhere = ringpost_wire::ChatId([9; 16]);
    for chat in [chat, nowhere] {
        let link = Command::LinkDevice {
            chat,
            device: stranger,
        };
        assert_eq!(world.one(link), Outcome::Linked);
    }
    let finish = Command::FinishLinking { device: stranger };
    assert_eq!(world.one(finish), failed(ErrorCode::DeviceRefused));
    assert_eq!(world.map, before);
}

#[test]
fn a_chat_takes_no_more_devices_than_a_user_has() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    for number in 2..=DEVICES_MAX as u32 {
        world.register(device("bob", number));
    }
    let link = Command::LinkDevice {
        chat,
        device: device("bob", 99),
    };
    assert_eq!(world.one(link), failed(ErrorCode::DeviceRefused));
}

#[test]
fn each_device_has_its_own_queue() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    world.register(device("bob", 2));
    world.register(device("ann", 2));
    let delivery = world
        .stored(device("ann", 1), message(chat, 1, 1, 0))
        .delivery
        .expect("it is new");
    // The sender's other device is a recipient; the sending one is not behind.
    let mut everyone: Vec<UserId> = ["ann", "bob"].map(crate::world::user).into();
    everyone.sort();
    assert_eq!(
        (&delivery.members, &delivery.became_pending),
        (&everyone, &everyone)
    );
    assert_eq!(world.pending(device("ann", 1), 10), []);
    assert_eq!(world.pending(device("ann", 2), 10).len(), 1);
    world.acknowledge(device("bob", 1), chat, 1);
    assert_eq!(world.pending(device("bob", 1), 10), []);
    assert_eq!(world.pending(device("bob", 2), 10).len(), 1);
    // Bob sends from the device that is behind: it stays behind.
    let delivery = world
        .stored(device("bob", 2), message(chat, 1, 2, 0))
        .delivery
        .expect("it is new");
    assert_eq!(delivery.became_pending, []);
    assert_eq!(world.pending(device("bob", 2), 10)[0].from, 1);
    assert_eq!(world.pending(device("bob", 1), 10)[0].from, 2);
    world.acknowledge(device("ann", 2), chat, 2);
    assert_eq!(world.map.count(Family::Message), 2);
    world.acknowledge(device("ann", 1), chat, 2);
    world.acknowledge(device("bob", 2), chat, 2);
    assert_eq!(world.map.count(Family::Message), 1);
    world.acknowledge(device("bob", 1), chat, 2);
    assert_eq!(
        (
            world.map.count(Family::Message),
            world.map.count(Family::Pending)
        ),
        (0, 0)
    );
}
