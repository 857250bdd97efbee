//! `03 chat user`: a member of a chat; the members of a chat lie together, in the order of their ids.

use ringpost_wire::{ChatId, UserId};

use super::family::{Family, chat_at, user_at};
use crate::store::{Key, KeyRange};

/// The key of a member.
pub fn encode(chat: ChatId, user: UserId) -> Key {
    Family::Member.key(&[&chat.0, &user.0])
}

/// Chat and user of a member's key; `None` for another key.
pub fn decode(key: &Key) -> Option<(ChatId, UserId)> {
    let parts = Family::Member.parts(key, 32)?;
    Some((chat_at(parts, 0), user_at(parts, 16)))
}

/// All members of a chat.
pub fn range(chat: ChatId) -> KeyRange {
    KeyRange::prefix(Family::Member.key(&[&chat.0]))
}
