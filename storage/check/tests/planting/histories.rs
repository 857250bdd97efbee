//! Good stores, made by commands.

use ringpost_engine_tests::people::{
    add_device, device, message, one, open, register, send, stored, two, user,
};
use ringpost_engine_tests::{Engine, MapEngine};
use ringpost_storage_core::{Command, Retention, Rules};
use ringpost_wire::{ChatId, DeviceAddress};

use crate::rows::MapRows;

/// Devices of ann in the busy store: with bob's, more than a head holds windows of.
pub const ANN_DEVICES: u32 = 16;
/// Bob's linked devices in the busy store.
pub const BOB_DEVICES: u32 = 3;

/// An engine that keeps messages until they are delivered.
pub fn engine() -> MapEngine {
    MapEngine::new(Rules {
        retention: Retention::UntilDelivered,
    })
}

/// An engine that keeps messages for so many days.
fn engine_of_days(days: u32) -> MapEngine {
    MapEngine::new(Rules {
        retention: Retention::Days(days),
    })
}

/// Sends `count` messages from a device, with its numbers from `first` on.
pub fn send_some(
    engine: &mut MapEngine,
    chat: ChatId,
    sender: DeviceAddress,
    (first, count): (u64, u64),
) {
    for number in first..first + count {
        let id = number * 1_000 + u64::from(sender.device);
        stored(engine, sender, &message(chat, number, id));
    }
}

/// Acknowledges up to `seq`.
pub fn acknowledge(engine: &mut MapEngine, chat: ChatId, device: DeviceAddress, seq: u64) {
    one(engine, Command::Acknowledge { device, chat, seq });
}

/// Unlinks a device and takes it out of `chats`, and finishes if `is_finished`.
pub fn unlink(engine: &mut MapEngine, device: DeviceAddress, chats: &[ChatId], is_finished: bool) {
    let mut commands = vec![Command::UnlinkDevice {
        device,
        seen_before_day: u32::MAX,
        remove_after: None,
    }];
    let remove = |chat: &ChatId| Command::RemoveDevice {
        chat: *chat,
        device,
    };
    commands.extend(chats.iter().map(remove));
    if is_finished {
        commands.push(Command::FinishUnlinking { device });
    }
    engine.run(commands);
}

/// The chat of ann and bob in the busy store.
pub fn busy_chat() -> ChatId {
    ChatId::one_to_one(user("ann"), user("bob"))
}

/// A chat with everything: many devices and senders, spilled windows, devices behind, a trimmed beginning, read cursors, a
/// removed device, one being removed and one being linked; beside a chat without messages and one of ann with herself.
pub fn busy() -> MapEngine {
    let mut engine = engine();
    let chat = two(&mut engine);
    for number in 2..=ANN_DEVICES {
        add_device(&mut engine, chat, device("ann", number));
    }
    for number in 2..=BOB_DEVICES + 2 {
        add_device(&mut engine, chat, device("bob", number));
    }
    for number in 1..=ANN_DEVICES {
        send_some(&mut engine, chat, device("ann", number), (1, 2));
    }
    for number in 1..=BOB_DEVICES + 2 {
        send_some(&mut engine, chat, device("bob", number), (1, 4));
    }
    for number in 1..=BOB_DEVICES + 2 {
        acknowledge(&mut engine, chat, device("bob", number), 20);
    }
    for number in 1..=ANN_DEVICES {
        acknowledge(
            &mut engine,
            chat,
            device("ann", number),
            30 + u64::from(number),
        );
    }
    for name in ["ann", "bob"] {
        engine.run(vec![Command::MarkRead {
            device: device(name, 1),
            chat,
            read_to: 7,
        }]);
    }
    unlink(
        &mut engine,
        device("bob", BOB_DEVICES + 1),
        &[busy_chat()],
        true,
    );
    unlink(
        &mut engine,
        device("bob", BOB_DEVICES + 2),
        &[busy_chat()],
        false,
    );
    engine.run(vec![
        register(device("cid", 1)),
        open("cid", "ann"),
        open("ann", "ann"),
        register(device("bob", 9)),
    ]);
    engine
}

/// The check finds nothing in a store, whether it sorts in memory or in files.
#[track_caller]
pub fn assert_good(engine: &MapEngine) {
    for sort_bytes in [1 << 20, 200] {
        let report = MapRows::of(engine).report(sort_bytes);
        assert_eq!(report.findings, [], "{:?}", report.counts);
    }
}

#[test]
fn an_empty_store_is_good() {
    assert_good(&engine());
}

#[test]
fn a_busy_store_is_good_and_counted() {
    let engine = busy();
    assert_good(&engine);
    let report = MapRows::of(&engine).report(100);
    assert_eq!((report.chats, report.users), (3, 3));
    assert!(report.rows["window"] > 0 && report.rows["read_cursor"] == 2);
    assert!(report.rows["message"] > 20 && report.rows["pending"] == 2);
    assert!(report.spilled_bytes > 0);
}

#[test]
fn a_store_trimmed_by_days_is_good() {
    let mut engine = engine_of_days(1);
    let chat = two(&mut engine);
    send_some(&mut engine, chat, device("ann", 1), (1, 40));
    acknowledge(&mut engine, chat, device("bob", 1), 30);
    assert_good(&engine);
    let now_ms = ringpost_engine_tests::people::NOW_MS + 100 * 86_400_000;
    engine.run(vec![Command::Trim { chat, now_ms }]);
    assert_good(&engine);
    assert_eq!(MapRows::of(&engine).report(1 << 20).rows["message"], 10);
}

#[test]
fn a_store_with_refused_sends_is_good() {
    let mut engine = engine();
    let chat = two(&mut engine);
    let mut stale = message(chat, 1, 1);
    stale.device_epoch = 77;
    engine.run(vec![
        send(device("ann", 1), &stale),
        send(device("ann", 1), &message(chat, 2, 2)),
        send(device("bob", 1), &message(chat, 0, 3)),
    ]);
    assert_good(&engine);
}
