//! Everything that the machine asks of its shell and tells the application: closed, plain values.
//!
//! Effects are carried out in order. Whatever was given to `Persist` must be durable before the next `Transmit` or
//! `Accepted` after it is carried out; a shell that makes it durable earlier does no harm.

use bytes::Bytes;
use ringpost_wire::{
    ChatId, ContentClass, DeviceAddress, EmptyReason, ErrorCode, MessageId, Seq, UserId,
};

use crate::record::Record;

/// What to do, or what to tell the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open a connection; answer with `Opened` or `Closed`.
    Dial {
        /// Where to, as a server asked; `None` for the configured address.
        target: Option<String>,
    },
    /// Send these bytes over the connection.
    Transmit {
        /// One whole frame.
        bytes: Bytes,
    },
    /// Close the connection, or stop opening it. No `Closed` is expected for it, and none is harmful.
    Hangup,
    /// Append a record to the durable state.
    Persist(Record),
    /// Get a session token; answer with `SetToken`.
    NeedToken {
        /// Why the one before was refused; `None` when there was none.
        refused: Option<ErrorCode>,
    },
    /// The state of the connection changed.
    State(ConnectionState),
    /// The session is over for good.
    Failed(Ended),
    /// A server answered something that concerns no message; for a log.
    Noticed {
        /// Its code.
        code: ErrorCode,
        /// Its words; may be empty.
        detail: String,
    },

    /// A message arrived. Within a chat they come in order, each once; confirm it with `Confirm`.
    Deliver(Incoming),
    /// A message that this device sent, as the log has it, which is not in the outbox: known from before, unless the state was set back
    /// to an older one. Nothing is confirmed.
    Own(Incoming),
    /// Numbers of a chat hold nothing for this device.
    Empty {
        /// The chat.
        chat: ChatId,
        /// First number.
        from: Seq,
        /// Last number.
        to: Seq,
        /// Why.
        reason: EmptyReason,
    },
    /// The state turned out to be older than what this device did since: what it lost is read again. A storage keeps it until `CaughtUp`,
    /// since a client that stops before must begin so again.
    SetBack,
    /// The device has every message that was there, until the next `Deliver`.
    CaughtUp,
    /// How far another member, or the least of all others, has got.
    Receipt {
        /// The chat.
        chat: ChatId,
        /// The member; `None` for the least of all others.
        user: Option<UserId>,
        /// Everything up to this is delivered.
        delivered_to: Seq,
        /// Everything up to this is read.
        read_to: Seq,
    },

    /// A message is in the outbox and will be sent.
    Accepted {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
    },
    /// A message was not taken into the outbox.
    NotAccepted {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
        /// Why.
        reason: NotAccepted,
    },
    /// A message is stored. Told again after a restart if the shell stopped before the record after it was durable.
    Sent {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
        /// Its place.
        seq: Seq,
        /// Its time by the server, in milliseconds since 1970.
        time_ms: u64,
    },
    /// A message was refused for good: it is not stored.
    Refused {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
        /// Why.
        code: ErrorCode,
        /// With `DevicesChanged`: the current version of the recipients' device list; else 0.
        device_epoch: u32,
    },
    /// Whether a message was stored can no longer be found out: the part of the log where it would be is gone.
    Undetermined {
        /// The chat.
        chat: ChatId,
        /// The message.
        message_id: MessageId,
    },

    /// The chat with a user is open.
    ChatOpened {
        /// The user.
        user: UserId,
        /// The chat.
        chat: ChatId,
        /// Its last message; 0 for none.
        head: Seq,
        /// Version of its members' device lists.
        device_epoch: u32,
    },
    /// The chat with a user was not opened.
    OpenRefused {
        /// The user.
        user: UserId,
        /// Why; `Overloaded` when too many requests wait in this client.
        code: ErrorCode,
    },
}

/// A message that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The chat.
    pub chat: ChatId,
    /// Its place in the chat.
    pub seq: Seq,
    /// Who sent it; another device of the own user too.
    pub sender: DeviceAddress,
    /// Its id.
    pub message_id: MessageId,
    /// Its time by the server, in milliseconds since 1970.
    pub time_ms: u64,
    /// Whether it is meant to be seen.
    pub content_class: ContentClass,
    /// The payload.
    pub payload: Bytes,
}

/// The state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not asked for.
    Idle,
    /// No usable token; waits for `SetToken`.
    AwaitingToken,
    /// Waits before it connects again.
    BackingOff,
    /// The connection is being opened.
    Dialing,
    /// Said hello, waits for the welcome.
    Greeting,
    /// The session is open.
    Live,
    /// Over for good.
    Ended,
}

/// Why a session is over for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A server said so: `TakenOver`, `DeviceUnlinked`, `DeviceRefused`, `DeviceRevoked`, `VersionUnsupported`.
    ByServer(ErrorCode),
    /// The token is for another device than the durable state.
    OtherDevice,
}

/// Why a message was not taken into the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAccepted {
    /// The outbox is full: wait for an answer to an earlier message.
    OutboxFull,
    /// The payload is over its limit.
    PayloadTooLarge,
    /// A message with this id is in the outbox of the chat.
    InOutbox,
    /// The session is over for good.
    Ended,
}
