//! `02 chat seq`: a message; the messages of a chat lie in the order of their numbers.

use ringpost_wire::{ChatId, Seq};

use super::family::{Family, chat_at, seq_at};
use crate::store::{Key, KeyRange};

/// The key of a message.
pub fn encode(chat: ChatId, seq: Seq) -> Key {
    Family::Message.key(&[&chat.0, &seq.to_be_bytes()])
}

/// Chat and number of a message's key; `None` for another key.
pub fn decode(key: &Key) -> Option<(ChatId, Seq)> {
    let parts = Family::Message.parts(key, 24)?;
    Some((chat_at(parts, 0), seq_at(parts, 16)))
}

/// The messages of a chat from `from` to `to`, both included. `to` is at most `SEQ_MAX`.
pub fn range(chat: ChatId, from: Seq, to: Seq) -> KeyRange {
    KeyRange {
        begin: encode(chat, from),
        end: encode(chat, to + 1),
    }
}
