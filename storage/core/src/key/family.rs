//! The first byte of every key, and the reading of the fixed-width parts after it.
//!
//! A byte never changes its family; families from 0x10 on begin with a user, those from 0x20 on belong to no chat and no user.

use ringpost_wire::{ChatId, DeviceId, Seq, UserId};

use crate::store::Key;

/// The first byte of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Family {
    /// The head of a chat.
    Head = 0x01,
    /// A message of a chat.
    Message = 0x02,
    /// A member of a chat.
    Member = 0x03,
    /// The send window of a device that is not among the recent senders of a chat.
    Window = 0x04,
    /// How far a member has read.
    ReadCursor = 0x05,
    /// A chat of a user.
    Membership = 0x10,
    /// A chat in which devices of a user are behind.
    Pending = 0x11,
    /// A user.
    User = 0x12,
    /// A device of a user.
    Device = 0x13,
    /// Which lane holds a shard.
    Fence = 0x20,
    /// How far a lane has come.
    LaneRecord = 0x21,
    /// The claims and settlings of a lane.
    LaneTerm = 0x22,
    /// How far the reading of an export has come.
    Import = 0x30,
}

impl Family {
    /// All families, ascending.
    pub const ALL: [Self; 13] = [
        Self::Head,
        Self::Message,
        Self::Member,
        Self::Window,
        Self::ReadCursor,
        Self::Membership,
        Self::Pending,
        Self::User,
        Self::Device,
        Self::Fence,
        Self::LaneRecord,
        Self::LaneTerm,
        Self::Import,
    ];

    /// The family of a key; `None` for one of no family.
    pub fn of(key: &Key) -> Option<Self> {
        let first = *key.as_slice().first()?;
        Self::ALL.into_iter().find(|family| *family as u8 == first)
    }

    /// The key of this family with `parts` after its byte.
    pub(super) fn key(self, parts: &[&[u8]]) -> Key {
        match parts {
            [one] => Key::of(&[&[self as u8], one]),
            [one, two] => Key::of(&[&[self as u8], one, two]),
            [one, two, three] => Key::of(&[&[self as u8], one, two, three]),
            _ => unreachable!("a family has one to three parts"),
        }
    }

    /// The bytes after this family's byte; `None` for another family or another length.
    pub(super) fn parts(self, key: &Key, bytes: usize) -> Option<&[u8]> {
        let (first, parts) = key.as_slice().split_first()?;
        (*first == self as u8 && parts.len() == bytes).then_some(parts)
    }
}

/// The chat at `offset` of parts whose length was checked.
pub(super) fn chat_at(parts: &[u8], offset: usize) -> ChatId {
    ChatId(array_at(parts, offset))
}

/// The user at `offset` of parts whose length was checked.
pub(super) fn user_at(parts: &[u8], offset: usize) -> UserId {
    UserId(array_at(parts, offset))
}

/// The device at `offset` of parts whose length was checked.
pub(super) fn device_at(parts: &[u8], offset: usize) -> DeviceId {
    u32::from_be_bytes(array_at(parts, offset))
}

/// The sequence number at `offset` of parts whose length was checked.
pub(super) fn seq_at(parts: &[u8], offset: usize) -> Seq {
    u64::from_be_bytes(array_at(parts, offset))
}

/// `N` bytes at `offset` of parts whose length was checked.
pub(super) fn array_at<const N: usize>(parts: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&parts[offset..offset + N]);
    array
}
