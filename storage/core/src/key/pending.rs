//! `11 user chat`: a chat in which devices of a user are behind; the chats of a user lie in the order of their ids.

use ringpost_wire::{ChatId, UserId};

use super::family::{Family, chat_at, user_at};
use crate::store::{Key, KeyRange};

/// The key of a pending row.
pub fn encode(user: UserId, chat: ChatId) -> Key {
    Family::Pending.key(&[&user.0, &chat.0])
}

/// User and chat of a pending row's key; `None` for another key.
pub fn decode(key: &Key) -> Option<(UserId, ChatId)> {
    let parts = Family::Pending.parts(key, 32)?;
    Some((user_at(parts, 0), chat_at(parts, 16)))
}

/// The user's rows after the one of `after`; all for `None`.
pub fn range_after(user: UserId, after: Option<ChatId>) -> KeyRange {
    let mut range = KeyRange::prefix(Family::Pending.key(&[&user.0]));
    if let Some(after) = after {
        range.begin = encode(user, after).next();
    }
    range
}
