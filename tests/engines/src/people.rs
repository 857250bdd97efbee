//! The people of the suite: users, devices, their chats and messages, and commands of theirs.

use bytes::Bytes;
use ringpost_storage_core::outcome::{AppendRefused, Appended, PageRead, PendingRead};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, MessageView, NewMessage, Seq, UserId, encode_send,
};

use crate::Engine;

/// The time of every command that does not say otherwise.
pub const NOW_MS: u64 = 1_700_000_000_000;

/// A user.
pub fn user(name: &str) -> UserId {
    UserId::from_subject(name)
}

/// A user's device.
pub fn device(name: &str, device: u32) -> DeviceAddress {
    DeviceAddress {
        user: user(name),
        device,
    }
}

/// Runs one command.
pub fn one(engine: &mut dyn Engine, command: Command) -> Outcome {
    let mut outcomes = engine.run(vec![command]);
    assert_eq!(outcomes.len(), 1, "one outcome a command");
    outcomes.remove(0)
}

/// Registers a device.
pub fn register(device: DeviceAddress) -> Command {
    Command::RegisterDevice {
        issued_ms: u64::MAX,
        device,
        create: true,
        link_after: None,
        now_ms: NOW_MS,
    }
}

/// Opens the chat of two users.
pub fn open(opener: &str, other: &str) -> Command {
    Command::OpenChat {
        opener: user(opener),
        other: user(other),
        now_ms: NOW_MS,
    }
}

/// Ann and Bob, one device each, and their chat.
pub fn two(engine: &mut dyn Engine) -> ChatId {
    engine.run(vec![
        register(device("ann", 1)),
        register(device("bob", 1)),
        open("ann", "bob"),
    ]);
    ChatId::one_to_one(user("ann"), user("bob"))
}

/// Registers a further device and links it to `chat`, the only one of its user.
pub fn add_device(engine: &mut dyn Engine, chat: ChatId, device: DeviceAddress) {
    engine.run(vec![
        register(device),
        Command::LinkDevice { chat, device },
        Command::FinishLinking { device },
    ]);
}

/// A message whose payload follows from its id.
pub fn message(chat: ChatId, client_seq: u64, message_id: u64) -> NewMessage<'static> {
    NewMessage {
        chat,
        client_seq,
        message_id,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: b"the same for all",
        slices: &[],
    }
}

/// The command that sends `message`.
pub fn send(sender: DeviceAddress, message: &NewMessage<'_>) -> Command {
    let mut frame = Vec::new();
    encode_send(message, &mut frame).expect("the message keeps the limits");
    Command::Append {
        sender,
        frame: Bytes::from(frame),
        now_ms: NOW_MS,
    }
}

/// Sends and expects it stored, now or before.
pub fn stored(
    engine: &mut dyn Engine,
    sender: DeviceAddress,
    message: &NewMessage<'_>,
) -> Appended {
    match one(engine, send(sender, message)) {
        Outcome::Appended(appended) => appended,
        other => panic!("{other:?}"),
    }
}

/// Sends and expects a refusal.
pub fn refused(
    engine: &mut dyn Engine,
    sender: DeviceAddress,
    message: &NewMessage<'_>,
) -> AppendRefused {
    match one(engine, send(sender, message)) {
        Outcome::AppendRefused(refused) => refused,
        other => panic!("{other:?}"),
    }
}

/// Reads up to 100 messages.
pub fn page(engine: &mut dyn Engine, device: DeviceAddress, chat: ChatId, from: Seq) -> PageRead {
    let command = Command::ReadPage {
        device,
        chat,
        from,
        messages_max: 100,
        bytes_max: 100_000,
    };
    match one(engine, command) {
        Outcome::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

/// Ids of a page's messages.
pub fn ids(page: &PageRead) -> Vec<u64> {
    let view = |frame| MessageView::of_deliver(frame).expect("the store keeps whole frames");
    let messages = page.messages.iter();
    messages.map(|frame| view(frame).message_id()).collect()
}

/// Lists up to 100 pending chats.
pub fn pending(engine: &mut dyn Engine, device: DeviceAddress) -> PendingRead {
    let command = Command::ListPending {
        device,
        after: None,
        chats_max: 100,
        all: false,
    };
    match one(engine, command) {
        Outcome::Pending(pending) => pending,
        other => panic!("{other:?}"),
    }
}
