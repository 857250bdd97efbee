//! A device that was not seen for long goes for good, and with it what only it had not got; one that was seen stays.

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::limits::{DAY_MS, LINK_PAGE_CHATS};
use ringpost_storage_core::outcome::{ChatInspected, Unlinking};
use ringpost_storage_core::row::{Device, DeviceState, Row};
use ringpost_storage_core::{Command, Outcome, Retention};
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode};

use crate::world::{NOW_MS, World, device, failed, message};

const TODAY: u32 = (NOW_MS / DAY_MS) as u32;

fn row(world: &World, device: DeviceAddress) -> Device {
    let value = &world.map.0[&key::device::encode(device)];
    Device::decode(value).expect("the row is whole")
}

fn inspected(world: &mut World, chat: ChatId) -> ChatInspected {
    match world.one(Command::InspectChat { chat }) {
        Outcome::Inspected(inspected) => *inspected,
        other => panic!("{other:?}"),
    }
}

fn unlink(device: DeviceAddress, seen_before_day: u32) -> Command {
    Command::UnlinkDevice {
        device,
        seen_before_day,
        remove_after: None,
    }
}

#[test]
fn signing_in_is_noted_once_a_day_and_never_back() {
    let mut world = World::new(Retention::UntilDelivered);
    let phone = device("ann", 1);
    world.register(phone);
    assert_eq!(row(&world, phone).last_seen_day, TODAY);
    let first = world.map.clone();
    world.now_ms = (u64::from(TODAY) + 1) * DAY_MS - 1;
    world.register(phone);
    assert_eq!(world.map, first);
    world.now_ms += 1;
    world.register(phone);
    assert_eq!(row(&world, phone).last_seen_day, TODAY + 1);
    world.now_ms = NOW_MS;
    world.register(phone);
    assert_eq!(row(&world, phone).last_seen_day, TODAY + 1);
    assert_eq!(row(&world, phone).created_ms, NOW_MS);
}

#[test]
fn a_device_that_is_still_being_linked_is_seen_too() {
    let (mut world, _) = World::of_two(Retention::UntilDelivered);
    let phone = device("bob", 2);
    world.try_register(phone, None);
    world.now_ms += DAY_MS;
    world.try_register(phone, None);
    let seen = row(&world, phone);
    assert_eq!(
        (seen.last_seen_day, seen.state),
        (TODAY + 1, DeviceState::Linking)
    );
    assert_eq!(world.unlink(phone, TODAY + 2), 1);
}

#[test]
fn one_that_was_seen_stays() {
    let (mut world, _) = World::of_two(Retention::UntilDelivered);
    let before = world.map.clone();
    let kept = Outcome::Unlinking(Unlinking::Kept);
    assert_eq!(world.one(unlink(device("bob", 1), TODAY)), kept);
    let finish = Command::FinishUnlinking {
        device: device("bob", 1),
    };
    assert_eq!(world.one(finish), kept);
    let unknown = failed(ErrorCode::DeviceRefused);
    assert_eq!(world.one(unlink(device("eve", 1), TODAY + 1)), unknown);
    let finish = Command::FinishUnlinking {
        device: device("eve", 1),
    };
    assert_eq!(world.one(finish), unknown);
    assert_eq!(world.map, before);
}

#[test]
fn one_that_is_gone_is_linked_to_no_chat() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let phone = device("bob", 2);
    world.try_register(phone, None);
    assert_eq!(world.unlink(phone, TODAY + 1), 1);
    // It was told to link when it signed in, and comes to the chat only now.
    let before = world.map.clone();
    let link = Command::LinkDevice {
        chat,
        device: phone,
    };
    assert_eq!(world.one(link), failed(ErrorCode::DeviceUnlinked));
    assert_eq!(world.map, before);
}

#[test]
fn it_leaves_the_chat_and_frees_what_only_it_had_not_got() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    world.register(device("bob", 2));
    for seq in 1..=4 {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    world.acknowledge(device("bob", 1), chat, 3);
    assert_eq!(world.map.count(Family::Message), 4);
    let epoch = inspected(&mut world, chat).device_epoch;
    assert_eq!(world.unlink(device("bob", 2), TODAY + 1), 1);
    let after = inspected(&mut world, chat);
    assert_eq!((after.device_epoch, after.trimmed_to), (epoch + 1, 3));
    assert_eq!(world.map.count(Family::Message), 1);
    let left: Vec<_> = after.devices.iter().map(|entry| entry.0).collect();
    assert!(!left.contains(&device("bob", 2)) && left.len() == 2);
    // The other device is still behind by one, and only that one.
    assert_eq!(world.pending(device("bob", 1), 10)[0].from, 4);
    assert_eq!(world.pending(device("bob", 2), 10), []);
    world.acknowledge(device("bob", 1), chat, 4);
    assert_eq!(world.map.count(Family::Message), 0);
    assert_eq!(world.map.count(Family::Pending), 0);
}

#[test]
fn one_that_was_not_the_last_to_lag_frees_nothing() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    world.register(device("bob", 2));
    for seq in 1..=3 {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    world.acknowledge(device("bob", 2), chat, 2);
    world.unlink(device("bob", 2), TODAY + 1);
    assert_eq!(world.map.count(Family::Message), 3);
    assert_eq!(world.pending(device("bob", 1), 10)[0].from, 1);
}

#[test]
fn a_member_without_devices_holds_nothing_back() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    for seq in 1..=40 {
        world.stored(device("ann", 1), message(chat, seq, seq, 0));
    }
    world.unlink(device("bob", 1), TODAY + 1);
    assert_eq!(world.map.count(Family::Message), 0);
    assert_eq!(world.map.count(Family::Pending), 0);
    let appended = world.stored(device("ann", 1), message(chat, 41, 41, 0));
    assert_eq!(appended.delivery.expect("it is new").became_pending, []);
    assert_eq!(world.map.count(Family::Message), 0);
    // A new device of the user starts at the head.
    world.register(device("bob", 2));
    world.stored(device("ann", 1), message(chat, 42, 42, 0));
    assert_eq!(world.pending(device("bob", 2), 10)[0].from, 42);
}

#[test]
fn days_leave_the_trimming_to_the_sweep() {
    let (mut world, chat) = World::of_two(Retention::Days(2));
    world.stored(device("ann", 1), message(chat, 1, 1, 0));
    let late = Command::Trim {
        chat,
        now_ms: NOW_MS + 3 * DAY_MS,
    };
    let trimmed = |removed| Outcome::Trimmed {
        removed,
        more: false,
    };
    assert_eq!(world.one(late.clone()), trimmed(0));
    world.unlink(device("bob", 1), TODAY + 1);
    assert_eq!(world.map.count(Family::Message), 1);
    assert_eq!(world.one(late), trimmed(1));
}

#[test]
fn every_step_may_be_repeated() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let phone = device("bob", 1);
    world.stored(device("ann", 1), message(chat, 1, 1, 0));
    let due = Outcome::Unlinking(Unlinking::Due {
        chats: vec![chat],
        next: None,
    });
    let remove = Command::RemoveDevice {
        chat,
        device: phone,
    };
    let finish = Command::FinishUnlinking { device: phone };
    let steps = [
        (unlink(phone, TODAY + 1), due.clone()),
        (remove, Outcome::DeviceRemoved),
        (finish, Outcome::DeviceRemoved),
    ];
    for (step, outcome) in &steps {
        assert_eq!(&world.one(step.clone()), outcome);
        let once = world.map.clone();
        assert_eq!(&world.one(step.clone()), outcome);
        assert_eq!(world.map, once);
        // Once marked it goes on to the end, whatever the day.
        if world.one(unlink(phone, 0)) != due {
            assert_eq!(row(&world, phone).state, DeviceState::Removed);
        }
    }
    let over = Outcome::Unlinking(Unlinking::Over);
    assert_eq!(world.one(unlink(phone, TODAY + 1)), over);
    let nowhere = Command::RemoveDevice {
        chat: ChatId([9; 16]),
        device: phone,
    };
    assert_eq!(world.one(nowhere), Outcome::DeviceRemoved);
}

#[test]
fn it_never_comes_back() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let phone = device("bob", 1);
    let gone = failed(ErrorCode::DeviceUnlinked);
    world.one(unlink(phone, TODAY + 1));
    assert_eq!(world.try_register(phone, None), gone);
    // A chat that opens in between does not list it.
    world.register(device("cid", 1));
    let opened = world.open("cid", "bob");
    world.stored(device("cid", 1), message(opened, 1, 1, 0));
    assert_eq!(world.map.count(Family::Message), 0);
    assert_eq!(world.unlink(phone, TODAY + 1), 2);
    assert_eq!(world.try_register(phone, None), gone);
    let finish = Command::FinishLinking { device: phone };
    assert_eq!(world.one(finish), gone);
    world.open("ann", "cid");
    let refused = failed(ErrorCode::NotMember);
    assert_eq!(world.acknowledge(phone, chat, 0), refused);
}

#[test]
fn many_chats_are_left_page_by_page() {
    let mut world = World::new(Retention::UntilDelivered);
    world.register(device("ann", 1));
    let chats = LINK_PAGE_CHATS + 10;
    for other in 0..chats {
        let name = format!("friend {other}");
        world.register(device(&name, 1));
        let chat = world.open("ann", &name);
        world.stored(device(&name, 1), message(chat, 1, 1, 0));
    }
    assert_eq!(world.map.count(Family::Message), chats);
    assert_eq!(world.unlink(device("ann", 1), TODAY + 1), chats);
    assert_eq!(world.map.count(Family::Message), 0);
    assert_eq!(world.map.count(Family::Pending), 0);
}

#[test]
fn an_engine_that_fetches_decides_the_same() {
    let (mut world, chat) = World::of_two(Retention::UntilDelivered);
    let phone = device("bob", 1);
    world.stored(device("ann", 1), message(chat, 1, 1, 0));
    assert_eq!(world.rounds(unlink(phone, TODAY + 1)), 1);
    let remove = Command::RemoveDevice {
        chat,
        device: phone,
    };
    assert_eq!(world.rounds(remove), 2);
    assert_eq!(world.rounds(Command::FinishUnlinking { device: phone }), 1);
}
