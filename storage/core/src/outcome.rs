//! The outcome of every command: closed, plain values. Nothing of it may be told to anyone before the batch is durable.

use bytes::Bytes;
use ringpost_wire::{
    ChatId, DeviceAddress, EmptyRange, ErrorCode, PendingChat, Receipt, Seq, UserId,
};

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `RegisterDevice`: the device is known.
    Registered(Registered),
    /// `LinkDevice` and `FinishLinking`.
    Linked,
    /// `UnlinkDevice`: what is left to do.
    Unlinking(Unlinking),
    /// `RemoveDevice` and `FinishUnlinking`: no trace of the device is left there.
    DeviceRemoved,
    /// `RevokeDevice`: what holds from now on.
    DeviceRevoked {
        /// Tokens issued up to then are refused, in milliseconds since 1970; 0 for none.
        issued_to_ms: u64,
    },
    /// `OpenChat`: the chat is there.
    ChatOpened(ChatOpened),
    /// `Append`: stored now, or before.
    Appended(Appended),
    /// `Append`: refused.
    AppendRefused(AppendRefused),
    /// `ReadPage`.
    Page(PageRead),
    /// `ListPending`.
    Pending(PendingRead),
    /// `Acknowledge`.
    Acknowledged(Acknowledged),
    /// `MarkRead`.
    ReadMarked(ReadMarked),
    /// `Trim`: how many messages went; `more` asks for another.
    Trimmed {
        /// Messages removed.
        removed: u64,
        /// There may be more to remove.
        more: bool,
    },
    /// `InspectChat`.
    Inspected(Box<ChatInspected>),
    /// Refused: any command but `Append`, and an `Append` whose frame is not a `Send`.
    Failed(ErrorCode),
}

/// A device is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The device was new.
    pub created: bool,
    /// The device is linked to all chats of its user: it may go live. The fields below are empty then.
    pub linked: bool,
    /// Chats that the device must be linked to first, at most `limits::LINK_PAGE_CHATS`, ascending.
    pub unlinked: Vec<ChatId>,
    /// There are more: once `unlinked` is linked, register again with this as `link_after`. When it is `None` and the
    /// device is not linked, `FinishLinking` is due after `unlinked`.
    pub next: Option<ChatId>,
}

/// What is left to do about a device that was not seen for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlinking {
    /// Nothing: it was seen since, and stays.
    Kept,
    /// It is unlinked, and must be removed from these chats.
    Due {
        /// The chats, at most `limits::LINK_PAGE_CHATS`, ascending.
        chats: Vec<ChatId>,
        /// There are more: once it is out of `chats`, unlink again with this as `remove_after`. When it is `None`,
        /// `FinishUnlinking` is due after `chats`.
        next: Option<ChatId>,
    },
    /// Nothing: it is out of all chats.
    Over,
}

/// A chat is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatOpened {
    /// The chat.
    pub chat: ChatId,
    /// Its last message; 0 for none.
    pub head: Seq,
    /// Version of its members' device lists.
    pub device_epoch: u32,
    /// It was made by this command.
    pub created: bool,
}

/// A message is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The chat.
    pub chat: ChatId,
    /// The sender's number, the server's own where the client sent 0.
    pub client_seq: u64,
    /// The number that the client sent: the answer's address.
    pub sent_as: u64,
    /// The message's number.
    pub seq: Seq,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
    /// The `Deliver` frame; `None` for a repeat, which is answered and not delivered again.
    pub delivery: Option<Delivery>,
}

/// A new message on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The stamped frame.
    pub frame: Bytes,
    /// Members who may see it, those left out who block the others. The sender is among them when it has other devices
    /// in the chat: these are recipients like any other.
    pub members: Vec<UserId>,
    /// Members for whom this chat became pending with this message.
    pub became_pending: Vec<UserId>,
}

/// A send was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendRefused {
    /// The chat.
    pub chat: ChatId,
    /// The number that the client sent.
    pub sent_as: u64,
    /// Why.
    pub code: ErrorCode,
    /// For `SequenceReused` and `Gap`: the next number; else 0.
    pub expected: u64,
    /// For `DevicesChanged`: the current version; else 0.
    pub device_epoch: u32,
}

/// A stretch of a chat's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRead {
    /// The chat.
    pub chat: ChatId,
    /// First number covered.
    pub from: Seq,
    /// Last number covered; `from - 1` for none.
    pub to: Seq,
    /// First number whose content may still be there.
    pub first_available: Seq,
    /// The page reaches the head.
    pub complete: bool,
    /// The chat's last message.
    pub head: Seq,
    /// Least of what the other members have received.
    pub delivered_to: Seq,
    /// Least of what the other members have read.
    pub read_to: Seq,
    /// The `Deliver` frames as stored, ascending. One with slices holds a part for the reader.
    pub messages: Vec<Bytes>,
    /// Numbers without content for the reader.
    pub empty: Vec<EmptyRange>,
}

/// Chats with messages for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRead {
    /// The chats, newest first.
    pub chats: Vec<PendingChat>,
    /// Continue after this chat; `None` when there are no more.
    pub next: Option<ChatId>,
}

/// An acknowledgement is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// What the other members are told, when the user's delivered mark moved.
    pub receipt: Option<ReceiptDue>,
    /// What the device still has not: its next number, `None` when it has all.
    pub next: Option<Seq>,
}

/// A read mark is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMarked {
    /// What the other members and the user's other devices are told, when the mark moved.
    pub receipt: Option<ReceiptDue>,
}

/// A receipt and whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptDue {
    /// The receipt.
    pub receipt: Receipt,
    /// Users to tell.
    pub members: Vec<UserId>,
}

/// What the store knows of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatInspected {
    /// Its last message.
    pub head: Seq,
    /// Time of its last message, in milliseconds since 1970.
    pub last_time_ms: u64,
    /// Messages up to this one are gone.
    pub trimmed_to: Seq,
    /// Version of the members' device lists.
    pub device_epoch: u32,
    /// Every device of every member with the first number that it has not acknowledged, and the read mark of its user.
    pub devices: Vec<(DeviceAddress, Seq, Seq)>,
}
