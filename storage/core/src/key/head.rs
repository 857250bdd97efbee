//! `01 chat`: the head of a chat.

use ringpost_wire::ChatId;

use super::family::{Family, chat_at};
use crate::store::Key;

/// The key of a chat's head.
pub fn encode(chat: ChatId) -> Key {
    Family::Head.key(&[&chat.0])
}

/// The chat of a head's key; `None` for another key.
pub fn decode(key: &Key) -> Option<ChatId> {
    let parts = Family::Head.parts(key, 16)?;
    Some(chat_at(parts, 0))
}
