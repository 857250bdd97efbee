//! A client of the simulation: registers its users, opens their chat, then sends messages one at a time, the same number
//! and bytes until it is answered. In between it reads pages and acknowledges.

use bytes::Bytes;
use ringpost_storage_core::Command;
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, NewMessage, UserId, encode_send};

/// What a request was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Register { is_peer: bool },
    Open,
    Append { client_seq: u64 },
    Page { from: u64 },
    Acknowledge,
}

/// A request in flight.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub client: usize,
    pub asked: Asked,
    /// Messages of the chat known to be stored when it was sent.
    pub floor: u64,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    pub sender: DeviceAddress,
    pub peer: DeviceAddress,
    pub chat: ChatId,
    pub stage: Asked,
    pub messages: u64,
    pub is_done: bool,
    /// When the current step is sent again.
    pub retry_ms: u64,
}

impl Client {
    pub fn new(sender: &str, peer: &str, messages: u64) -> Self {
        let device = |name| DeviceAddress {
            user: UserId::from_subject(name),
            device: 1,
        };
        let (sender, peer) = (device(sender), device(peer));
        Self {
            sender,
            peer,
            chat: ChatId::one_to_one(sender.user, peer.user),
            stage: Asked::Register { is_peer: false },
            messages,
            is_done: false,
            retry_ms: 0,
        }
    }

    /// The id of the message with a number: tells all messages of a run apart.
    pub fn message_id(&self, client_seq: u64) -> u64 {
        let mut half = [0; 8];
        half.copy_from_slice(&self.sender.user.0[..8]);
        let mut other = [0; 8];
        other.copy_from_slice(&self.chat.0[..8]);
        u64::from_le_bytes(half) ^ u64::from_le_bytes(other).rotate_left(17) ^ (client_seq << 1)
    }

    pub fn command(&self, asked: Asked, floor: u64, now_ms: u64) -> Command {
        match asked {
            Asked::Register { is_peer } => Command::RegisterDevice {
                issued_ms: u64::MAX,
                device: if is_peer { self.peer } else { self.sender },
                create: true,
                link_after: None,
                now_ms,
            },
            Asked::Open => Command::OpenChat {
                opener: self.sender.user,
                other: self.peer.user,
                now_ms,
            },
            Asked::Append { client_seq } => Command::Append {
                sender: self.sender,
                frame: self.frame(client_seq),
                now_ms,
            },
            Asked::Page { from } => Command::ReadPage {
                device: self.sender,
                chat: self.chat,
                from,
                messages_max: 20,
                bytes_max: 10_000,
            },
            Asked::Acknowledge => Command::Acknowledge {
                device: self.sender,
                chat: self.chat,
                seq: floor,
            },
        }
    }

    fn frame(&self, client_seq: u64) -> Bytes {
        let mut frame = Vec::new();
        let message = NewMessage {
            chat: self.chat,
            client_seq,
            message_id: self.message_id(client_seq),
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: 0,
            payload: b"hello",
            slices: &[],
        };
        encode_send(&message, &mut frame).expect("the payload is small");
        frame.into()
    }

    /// The step is answered: the next one.
    pub fn advance(&mut self) {
        self.stage = match self.stage {
            Asked::Register { is_peer: false } => Asked::Register { is_peer: true },
            Asked::Register { is_peer: true } => Asked::Open,
            Asked::Append { client_seq } => {
                self.is_done = client_seq == self.messages;
                Asked::Append {
                    client_seq: client_seq + 1,
                }
            }
            _ => Asked::Append { client_seq: 1 },
        };
    }
}
