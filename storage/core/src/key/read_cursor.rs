//! `05 chat user`: how far a member has read.

use ringpost_wire::{ChatId, UserId};

use super::family::{Family, chat_at, user_at};
use crate::store::Key;

/// The key of a read cursor.
pub fn encode(chat: ChatId, user: UserId) -> Key {
    Family::ReadCursor.key(&[&chat.0, &user.0])
}

/// Chat and user of a read cursor's key; `None` for another key.
pub fn decode(key: &Key) -> Option<(ChatId, UserId)> {
    let parts = Family::ReadCursor.parts(key, 32)?;
    Some((chat_at(parts, 0), user_at(parts, 16)))
}
