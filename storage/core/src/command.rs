//! Every command that a gateway gives to a lane: closed, plain values. A lane runs them in order, all or none.

use bytes::Bytes;
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, MessageView, Seq, ShardId, UserId};

use crate::outcome::{AppendRefused, Outcome};

/// A command. Its home is the shard whose lane must run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Makes sure that a user and a device are registered. Home: the user.
    RegisterDevice {
        /// The device, as its token names it.
        device: DeviceAddress,
        /// Register an unknown one; otherwise answer `DeviceRefused`.
        create: bool,
        /// When its token was issued, in milliseconds since 1970.
        issued_ms: u64,
        /// `Registered.next` of the answer before, once the chats that it named are linked; `None` to begin.
        link_after: Option<ChatId>,
        /// The server's clock, in milliseconds since 1970.
        now_ms: u64,
    },
    /// Adds a registered device to one chat of its user, at the chat's head. Idempotent. Home: the chat.
    LinkDevice {
        /// The chat, one of those that `Registered` named.
        chat: ChatId,
        /// The device.
        device: DeviceAddress,
    },
    /// Marks a device as linked to all chats of its user. Idempotent. Home: the user.
    FinishLinking {
        /// The device.
        device: DeviceAddress,
    },
    /// Unlinks a device that was not seen for long, and names the chats that it must be removed from. Idempotent. Home: the
    /// user.
    UnlinkDevice {
        /// The device.
        device: DeviceAddress,
        /// Unlink it only if it was last seen before this day, in days since 1970.
        seen_before_day: u32,
        /// `Due.next` of the answer before, once the device is out of the chats that it named; `None` to begin.
        remove_after: Option<ChatId>,
    },
    /// Takes a device that is unlinked out of one chat of its user. Idempotent. Home: the chat.
    RemoveDevice {
        /// The chat, one of those that `Unlinking` named.
        chat: ChatId,
        /// The device.
        device: DeviceAddress,
    },
    /// Marks an unlinked device as removed from all chats of its user. Idempotent. Home: the user.
    FinishUnlinking {
        /// The device.
        device: DeviceAddress,
    },
    /// Refuses a device's tokens issued up to a moment, from now on. Home: the user.
    RevokeDevice {
        /// The device.
        device: DeviceAddress,
        /// The moment, in milliseconds since 1970; the largest is for ever. An earlier one than before changes nothing, but 0 lifts
        /// the revocation.
        issued_to_ms: u64,
    },
    /// Opens the one-to-one chat of two users. Idempotent. Home: the chat.
    OpenChat {
        /// Who opens.
        opener: UserId,
        /// The other user; the opener for the chat with oneself.
        other: UserId,
        /// The server's clock, in milliseconds since 1970.
        now_ms: u64,
    },
    /// Appends a message to a chat. Home: the chat.
    Append {
        /// The authenticated sender.
        sender: DeviceAddress,
        /// A verified `Send` frame.
        frame: Bytes,
        /// The server's clock, in milliseconds since 1970.
        now_ms: u64,
    },
    /// Reads a stretch of a chat for a device. Home: the chat.
    ReadPage {
        /// The reader.
        device: DeviceAddress,
        /// The chat.
        chat: ChatId,
        /// First number wanted, from 1.
        from: Seq,
        /// Most messages, 1 to 512.
        messages_max: u16,
        /// Most bytes of messages, 1 to 262,144.
        bytes_max: u32,
    },
    /// Lists the chats that hold messages for a device, or all of them. Home: the user.
    ListPending {
        /// The device.
        device: DeviceAddress,
        /// Continue after this chat, in the order of ids.
        after: Option<ChatId>,
        /// Most chats, 1 to 512.
        chats_max: u16,
        /// Every chat that delivers to the device, also those in which it has everything.
        all: bool,
    },
    /// A device has everything up to a number. Home: the chat.
    Acknowledge {
        /// The device.
        device: DeviceAddress,
        /// The chat.
        chat: ChatId,
        /// The last message that it has.
        seq: Seq,
    },
    /// A user has read up to a number. Home: the chat.
    MarkRead {
        /// The device that says so.
        device: DeviceAddress,
        /// The chat.
        chat: ChatId,
        /// The last message read.
        read_to: Seq,
    },
    /// Removes messages whose time is over, a bounded number. Home: the chat.
    Trim {
        /// The chat.
        chat: ChatId,
        /// The server's clock, in milliseconds since 1970.
        now_ms: u64,
    },
    /// What an operator asks about a chat. Home: the chat.
    InspectChat {
        /// The chat.
        chat: ChatId,
    },
}

impl Command {
    /// The shard whose lane must run it.
    pub fn home(&self) -> ShardId {
        match self {
            Self::RegisterDevice { device, .. }
            | Self::FinishLinking { device }
            | Self::UnlinkDevice { device, .. }
            | Self::FinishUnlinking { device }
            | Self::RevokeDevice { device, .. }
            | Self::ListPending { device, .. } => device.user.shard(),
            Self::LinkDevice { chat, .. }
            | Self::RemoveDevice { chat, .. }
            | Self::ReadPage { chat, .. }
            | Self::Acknowledge { chat, .. }
            | Self::MarkRead { chat, .. }
            | Self::Trim { chat, .. }
            | Self::InspectChat { chat } => chat.shard(),
            Self::OpenChat { opener, other, .. } => ChatId::one_to_one(*opener, *other).shard(),
            Self::Append { frame, .. } => Self::chat_of_frame(frame).unwrap_or_default().shard(),
        }
    }

    /// The outcome when it is not run; no number is used.
    pub fn refused(&self, code: ErrorCode) -> Outcome {
        let Self::Append { frame, .. } = self else {
            return Outcome::Failed(code);
        };
        let Ok(view) = MessageView::of_send(frame) else {
            return Outcome::Failed(ErrorCode::MalformedFrame);
        };
        Outcome::AppendRefused(AppendRefused {
            chat: view.chat(),
            sent_as: view.client_seq(),
            code,
            expected: 0,
            device_epoch: 0,
        })
    }

    /// The chat of a `Send` frame; `None` when it is shorter than a header.
    pub(crate) fn chat_of_frame(frame: &[u8]) -> Option<ChatId> {
        let id = frame.get(8..24)?;
        Some(ChatId(id.try_into().ok()?))
    }
}
