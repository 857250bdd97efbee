//! `10 user chat`: a chat of a user; the chats of a user lie in the order of their ids.

use ringpost_wire::{ChatId, UserId};

use super::family::{Family, chat_at, user_at};
use crate::store::{Key, KeyRange};

/// The key of a membership.
pub fn encode(user: UserId, chat: ChatId) -> Key {
    Family::Membership.key(&[&user.0, &chat.0])
}

/// User and chat of a membership's key; `None` for another key.
pub fn decode(key: &Key) -> Option<(UserId, ChatId)> {
    let parts = Family::Membership.parts(key, 32)?;
    Some((user_at(parts, 0), chat_at(parts, 16)))
}

/// The user's rows after the one of `after`; all for `None`.
pub fn range_after(user: UserId, after: Option<ChatId>) -> KeyRange {
    let mut range = KeyRange::prefix(Family::Membership.key(&[&user.0]));
    if let Some(after) = after {
        range.begin = encode(user, after).next();
    }
    range
}
