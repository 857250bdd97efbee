//! Everything that a shell tells the machine: closed, plain values.

use bytes::Bytes;
use ringpost_wire::{ChatId, ContentClass, MessageId, Seq, UserId};

/// Something that happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Be connected from now on.
    Connect,
    /// Be no longer connected, and stay so until `Connect`.
    Disconnect,
    /// The connection asked for with `Dial` is open.
    Opened,
    /// Bytes from the server, cut anywhere.
    Received {
        /// The bytes.
        bytes: &'a [u8],
    },
    /// The connection is over, or could not be opened.
    Closed,
    /// A session token. Answers `NeedToken`; while connected it renews the session.
    SetToken {
        /// The token.
        token: String,
    },
    /// Send a message. Answered by `Accepted` or `NotAccepted`, and later by `Sent`, `Refused` or `Undetermined`.
    Send(Outgoing),
    /// Open the one-to-one chat with a user. Answered by `ChatOpened` or `OpenRefused`.
    OpenChat {
        /// The other user; oneself for the chat with oneself.
        user: UserId,
    },
    /// The application has kept every message of `chat` that was delivered up to `seq`. Only then is it acknowledged.
    Confirm {
        /// The chat.
        chat: ChatId,
        /// The last message kept; a number beyond the last delivered counts as that.
        seq: Seq,
    },
    /// The user has read a chat up to a message.
    MarkRead {
        /// The chat.
        chat: ChatId,
        /// The last message read.
        read_to: Seq,
    },
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The chat.
    pub chat: ChatId,
    /// Its id, random; the same message given twice has the same id.
    pub message_id: MessageId,
    /// At most 60 KiB.
    pub payload: Bytes,
    /// Whether it is meant to be seen.
    pub content_class: ContentClass,
    /// Version of the recipients' device list that the payload is made for; 0 is not checked.
    pub device_epoch: u32,
}
