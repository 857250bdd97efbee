//! The mails: requests, each answered by exactly one answer; and what is only told.
//!
//! Invariant: a worker sends a request only while it has room for the answer, so an answer never waits for room.

use bytes::Bytes;
use ringpost_storage_core::outcome::{ChatOpened, PageRead, PendingRead};
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, Receipt, Refused, Sent, Seq, UserId};

use super::{Group, ShardSet};
use crate::SessionId;

/// One mail. Sessions are those of the core that the mail comes from (requests) or goes to (all else).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Request to the user's home: register the device and enter the session into the directory.
    Attach {
        /// The session.
        session: SessionId,
        /// Its device.
        device: DeviceAddress,
        /// When its token was issued, in milliseconds since 1970.
        issued_ms: u64,
    },
    /// Request to the user's home: chats with messages for a device.
    ListPending {
        /// The session.
        session: SessionId,
        /// Its device.
        device: DeviceAddress,
        /// The client's number of the request.
        request: u32,
        /// Continue after this chat.
        after: Option<ChatId>,
        /// Most chats.
        chats_max: u16,
        /// Every chat, also those that hold nothing for the device.
        all: bool,
    },
    /// Request to the chat's home: append a message.
    Send {
        /// The session.
        session: SessionId,
        /// Its device.
        device: DeviceAddress,
        /// A verified `Send` frame.
        frame: Bytes,
    },
    /// Request to the chat's home: a stretch of its log.
    ReadPage {
        /// The session.
        session: SessionId,
        /// Its device.
        device: DeviceAddress,
        /// The client's number of the request.
        request: u32,
        /// The chat.
        chat: ChatId,
        /// First number wanted.
        from: Seq,
        /// Most messages.
        messages_max: u16,
        /// Most bytes of messages.
        bytes_max: u32,
    },
    /// Request to the chat's home: the user has read it so far.
    MarkRead {
        /// The session.
        session: SessionId,
        /// Its device.
        device: DeviceAddress,
        /// The chat.
        chat: ChatId,
        /// The last message read.
        read_to: Seq,
    },
    /// Request to the chat's home: open the one-to-one chat of two users.
    OpenChat {
        /// The session.
        session: SessionId,
        /// The client's number of the request.
        request: u32,
        /// Who opens.
        opener: UserId,
        /// The other user.
        other: UserId,
    },
    /// Request to a chat's home, from a user's home: add a device to the chat.
    Link {
        /// The sender's number of the attach.
        attach: u64,
        /// The chat.
        chat: ChatId,
        /// The device.
        device: DeviceAddress,
    },
    /// Answer to `Attach`: the session is in the directory.
    Attached {
        /// The session.
        session: SessionId,
        /// Its device.
        device: DeviceAddress,
        /// Its generation.
        generation: u64,
    },
    /// Answer to `Attach`: it is not.
    AttachRefused {
        /// The session.
        session: SessionId,
        /// Why.
        refusal: Refusal,
    },
    /// Answer to `ListPending`.
    PendingListed {
        /// The session.
        session: SessionId,
        /// The client's number of the request.
        request: u32,
        /// The chats.
        answer: Result<PendingRead, Refusal>,
    },
    /// Answers to as many `Send`s.
    SendsAnswered(Vec<SendAnswer>),
    /// Answer to `ReadPage`.
    PageAnswered {
        /// The session.
        session: SessionId,
        /// The client's number of the request.
        request: u32,
        /// The page.
        answer: Result<Box<PageRead>, Refusal>,
    },
    /// Answer to `MarkRead`.
    ReadMarked {
        /// The session.
        session: SessionId,
        /// Whether it is kept.
        answer: Result<(), Refusal>,
    },
    /// Answer to `OpenChat`.
    ChatOpened {
        /// The session.
        session: SessionId,
        /// The client's number of the request.
        request: u32,
        /// The chat.
        answer: Result<ChatOpened, Refusal>,
    },
    /// Answer to `Link`.
    Linked {
        /// The number of the attach.
        attach: u64,
        /// Whether the device is in the chat's list.
        answer: Result<(), Refusal>,
    },
    /// Told to the user's home: a session ended.
    Detach {
        /// Its device.
        device: DeviceAddress,
        /// Its generation: a newer session of the device stays.
        generation: u64,
    },
    /// Told to the session's core: a newer session of the device took over.
    TakenOver {
        /// The older session.
        session: SessionId,
        /// The older session's generation.
        generation: u64,
    },
    /// Told to the session's core: tokens of its device were revoked.
    Revoked {
        /// The session.
        session: SessionId,
        /// Its generation.
        generation: u64,
        /// Those issued up to then, in milliseconds since 1970.
        issued_to_ms: u64,
    },
    /// Told to chats' home: devices have messages.
    Acks(Vec<DeviceAck>),
    /// Told to users' home: a new message.
    Deliver {
        /// The `Deliver` frame.
        frame: Bytes,
        /// Members whose home is there.
        members: Group<Recipient>,
    },
    /// Told to sessions' core: a new message.
    DeliverTo {
        /// The `Deliver` frame.
        frame: Bytes,
        /// Sessions there.
        sessions: Group<SessionId>,
    },
    /// Told to users' home: a member has got or read messages.
    Receipt {
        /// The receipt.
        receipt: Receipt,
        /// Users to tell whose home is there.
        members: Group<UserId>,
    },
    /// Told to sessions' core: a member has got or read messages.
    ReceiptTo {
        /// The receipt.
        receipt: Receipt,
        /// Sessions there.
        sessions: Group<SessionId>,
    },
    /// Told to users' home: deliveries to users of these shards were left out for want of room.
    HomesOverflowed(Box<ShardSet>),
    /// Told to sessions' core: deliveries to sessions of users of these shards were left out for want of room.
    SessionsOverflowed(Box<ShardSet>),
}

/// A member whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The user.
    pub user: UserId,
    /// The chat became pending for the user with this message.
    pub became_pending: bool,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code that the client is told.
    pub code: ErrorCode,
    /// Wait so long before another try, in milliseconds; 0 for no advice.
    pub retry_after_ms: u32,
}

/// Answer to one `Send`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendAnswer {
    /// The session that sent.
    pub session: SessionId,
    /// What became of the message.
    pub result: SendResult,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// It is durable.
    Sent(Sent),
    /// It was refused.
    Refused(Refused),
}

/// A device has all messages of a chat up to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceAck {
    /// The device.
    pub device: DeviceAddress,
    /// The chat.
    pub chat: ChatId,
    /// The last message that it has.
    pub seq: Seq,
}

impl Mail {
    /// How many requests of the receiver this mail answers.
    pub fn answered_requests(&self) -> usize {
        match self {
            Self::SendsAnswered(answers) => answers.len(),
            Self::Attached { .. }
            | Self::AttachRefused { .. }
            | Self::PendingListed { .. }
            | Self::PageAnswered { .. }
            | Self::ReadMarked { .. }
            | Self::ChatOpened { .. }
            | Self::Linked { .. } => 1,
            _ => 0,
        }
    }
}
