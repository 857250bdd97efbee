//! Real commands for the tests: two users, one chat a number, dense sends.

use bytes::Bytes;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, MessageId, NewMessage, Seq, UserId, encode_send,
};

/// A time in the tests, in milliseconds since 1970.
pub(super) const NOW_MS: u64 = 1_700_000_000_000;

/// Two users and their chat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub sender: DeviceAddress,
    pub recipient: DeviceAddress,
    pub chat: ChatId,
}

impl Pair {
    pub fn new(number: u8) -> Self {
        let device = |side| DeviceAddress {
            user: UserId([
                number, side, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
            ]),
            device: 1,
        };
        let (sender, recipient) = (device(0), device(1));
        Self {
            sender,
            recipient,
            chat: ChatId::one_to_one(sender.user, recipient.user),
        }
    }

    /// Registers both and opens the chat.
    pub fn setup(&self) -> Vec<Command> {
        let register = |device| Command::RegisterDevice {
            issued_ms: u64::MAX,
            device,
            create: true,
            link_after: None,
            now_ms: NOW_MS,
        };
        vec![
            register(self.sender),
            register(self.recipient),
            Command::OpenChat {
                opener: self.sender.user,
                other: self.recipient.user,
                now_ms: NOW_MS,
            },
        ]
    }

    pub fn send(&self, client_seq: u64, payload: &[u8], now_ms: u64) -> Command {
        let mut frame = Vec::new();
        let message = NewMessage {
            chat: self.chat,
            client_seq,
            message_id: MessageId::from(client_seq),
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: 0,
            payload,
            slices: &[],
        };
        encode_send(&message, &mut frame).expect("a good message");
        Command::Append {
            sender: self.sender,
            frame: Bytes::from(frame),
            now_ms,
        }
    }

    pub fn acknowledge(&self, seq: Seq) -> Command {
        Command::Acknowledge {
            device: self.recipient,
            chat: self.chat,
            seq,
        }
    }

    pub fn page(&self, from: Seq) -> Command {
        Command::ReadPage {
            device: self.recipient,
            chat: self.chat,
            from,
            messages_max: 512,
            bytes_max: 262_144,
        }
    }
}

/// The number that a message got.
pub(super) fn appended(outcome: &Outcome) -> Option<Seq> {
    match outcome {
        Outcome::Appended(appended) => Some(appended.seq),
        _ => None,
    }
}
