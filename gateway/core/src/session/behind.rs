//! Chats whose deliveries a session was not given, each with the highest number left out. Never empty, at most 64.
//!
//! A chat leaves only when a page has reached that number: until then every further delivery of it is left out too.

use std::collections::BTreeMap;

use ringpost_wire::{ChatId, Seq};

use crate::limits::BEHIND_CHATS_MAX;

/// What a left out delivery calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// The client knows already.
    Known,
    /// Tell the client about this chat.
    First,
    /// There are too many chats: tell the client to list all.
    TooMany,
}

/// The chats that a session is behind in.
#[derive(Debug, Default)]
pub(crate) struct BehindChats(BTreeMap<ChatId, Seq>);

impl BehindChats {
    /// Whether deliveries of `chat` are left out.
    pub(crate) fn contains(&self, chat: ChatId) -> bool {
        self.0.contains_key(&chat)
    }

    /// A delivery is left out.
    pub(crate) fn skip(&mut self, chat: ChatId, seq: Seq) -> Skipped {
        if let Some(head) = self.0.get_mut(&chat) {
            *head = seq.max(*head);
            return Skipped::Known;
        }
        if self.0.len() >= BEHIND_CHATS_MAX {
            return Skipped::TooMany;
        }
        self.0.insert(chat, seq);
        Skipped::First
    }

    /// The client is given the log of `chat` up to `to`. Answers the number up to which it must read on, if any.
    pub(crate) fn read(&mut self, chat: ChatId, to: Seq) -> Option<Seq> {
        let head = *self.0.get(&chat)?;
        if to < head {
            return Some(head);
        }
        self.0.remove(&chat);
        None
    }

    /// The chat cannot be read, or is covered otherwise.
    pub(crate) fn forget(&mut self, chat: ChatId) {
        self.0.remove(&chat);
    }

    /// There are none left: the owner drops it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_stays_behind_until_its_highest_left_out_number_is_read() {
        let chat = ChatId([1; 16]);
        let mut behind = BehindChats::default();
        assert_eq!(behind.skip(chat, 7), Skipped::First);
        assert_eq!(behind.skip(chat, 9), Skipped::Known);
        assert_eq!(behind.skip(chat, 8), Skipped::Known);
        assert_eq!(behind.read(chat, 8), Some(9));
        assert!(behind.contains(chat));
        assert_eq!(behind.read(chat, 9), None);
        assert!(behind.is_empty());
    }

    #[test]
    fn the_number_of_chats_is_bounded() {
        let mut behind = BehindChats::default();
        for chat in 0..BEHIND_CHATS_MAX as u8 {
            assert_eq!(behind.skip(ChatId([chat; 16]), 1), Skipped::First);
        }
        assert_eq!(behind.skip(ChatId([255; 16]), 1), Skipped::TooMany);
        assert_eq!(behind.skip(ChatId([0; 16]), 2), Skipped::Known);
    }
}
