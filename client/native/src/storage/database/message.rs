//! What the history tells the application: messages, pages of them, conversations, receipts. Plain values.

use bytes::Bytes;
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, ErrorCode, MessageId, Seq, UserId};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Another device sent it, perhaps another one of the own user.
    Received,
    /// It is in the outbox.
    Waiting,
    /// It is stored at its place in the chat.
    Sent,
    /// It was refused for good.
    Refused(ErrorCode),
    /// Whether it was stored cannot be found out any more.
    Undetermined,
}

/// A message of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryMessage {
    /// The chat.
    pub chat: ChatId,
    /// Its place in the chat; `None` for a message of this device that has none.
    pub seq: Option<Seq>,
    /// Its id.
    pub message_id: MessageId,
    /// Who sent it; `None` for this device.
    pub sender: Option<DeviceAddress>,
    /// Its time by the server, in milliseconds since 1970; by this device while it has none from the server.
    pub time_ms: u64,
    /// Whether it is meant to be seen.
    pub content_class: ContentClass,
    /// What became of it.
    pub state: MessageState,
    /// The payload.
    pub payload: Bytes,
    /// Where it stands in the chat's history.
    pub cursor: HistoryCursor,
}

/// A place in a chat's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryCursor {
    pub(super) place: i64,
    pub(super) turn: i64,
}

/// A page of a chat's history.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HistoryPage {
    /// Messages, newest first; those that wait in the outbox before all others.
    pub messages: Vec<HistoryMessage>,
    /// Where the next, older page begins; `None` when there is none.
    pub next: Option<HistoryCursor>,
}

/// A chat with messages in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The chat.
    pub chat: ChatId,
    /// Time of its latest message, in milliseconds since 1970.
    pub last_ms: u64,
}

/// How far a member of a chat has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The member; `None` for the least of all others.
    pub user: Option<UserId>,
    /// Everything up to this is delivered.
    pub delivered_to: Seq,
    /// Everything up to this is read.
    pub read_to: Seq,
}
