//! What a session remembers of its sends: how many a chat are unanswered, and the first that was refused for load.
//!
//! After refusing a number for load, later numbers of that chat are refused until that one is seen again, so that the
//! order of sends survives. The store's `Gap` holds in any case; this only answers sooner.

use std::collections::BTreeMap;

use ringpost_wire::ChatId;
use ringpost_wire::limits::UNANSWERED_MAX;

use crate::limits::{SENDING_CHATS_MAX, STICKY_CHATS_MAX};

/// A session's sends on their way.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    unanswered: Vec<(ChatId, u8)>,
    refused: BTreeMap<ChatId, u64>,
}

impl Sending {
    /// Whether an earlier send of the chat was refused for load and was not seen since. A client whose lowest unanswered number
    /// (`client_seq` less `unanswered`) is higher has its answer already: what was refused was a repeat that came late.
    pub(crate) fn is_refused_before(
        &mut self,
        chat: ChatId,
        client_seq: u64,
        unanswered: u8,
    ) -> bool {
        let Some(&first) = self.refused.get(&chat) else {
            return false;
        };
        if client_seq.saturating_sub(u64::from(unanswered)) > first {
            self.refused.remove(&chat);
            return false;
        }
        client_seq > first
    }

    /// Whether one more send of the chat would be too many.
    pub(crate) fn is_full(&self, chat: ChatId) -> bool {
        match self.unanswered.iter().find(|entry| entry.0 == chat) {
            Some((_, count)) => usize::from(*count) >= UNANSWERED_MAX,
            None => self.unanswered.len() >= SENDING_CHATS_MAX,
        }
    }

    /// A send was passed on.
    pub(crate) fn passed_on(&mut self, chat: ChatId, client_seq: u64) {
        assert!(!self.is_full(chat), "asked before");
        self.seen(chat, client_seq);
        match self.unanswered.iter_mut().find(|entry| entry.0 == chat) {
            Some((_, count)) => *count += 1,
            None => self.unanswered.push((chat, 1)),
        }
    }

    /// A send that was passed on is answered.
    pub(crate) fn answered(&mut self, chat: ChatId) {
        let found = self.unanswered.iter().position(|entry| entry.0 == chat);
        let Some(index) = found else { return };
        self.unanswered[index].1 -= 1;
        if self.unanswered[index].1 == 0 {
            self.unanswered.swap_remove(index);
        }
    }

    /// A send was refused for load. Numberless ones (0) have no order to keep.
    pub(crate) fn refused_for_load(&mut self, chat: ChatId, client_seq: u64) {
        if client_seq == 0 || cfg!(planted = "sticky_missing") {
            return;
        }
        let is_full = self.refused.len() >= STICKY_CHATS_MAX;
        match self.refused.get_mut(&chat) {
            Some(first) => *first = client_seq.min(*first),
            None if is_full => {}
            None => {
                self.refused.insert(chat, client_seq);
            }
        }
    }

    /// A number was taken on, or is stored: if it is the one that was refused, later ones may follow.
    pub(crate) fn seen(&mut self, chat: ChatId, client_seq: u64) {
        if self.refused.get(&chat) == Some(&client_seq) {
            self.refused.remove(&chat);
        }
    }

    /// Nothing is on its way and nothing remembered.
    pub(crate) fn is_idle(&self) -> bool {
        self.unanswered.is_empty() && self.refused.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: ChatId = ChatId([1; 16]);

    #[test]
    fn later_numbers_wait_for_the_refused_one() {
        let mut sending = Sending::default();
        sending.refused_for_load(CHAT, 5);
        sending.refused_for_load(CHAT, 6);
        assert!(sending.is_refused_before(CHAT, 6, 1));
        assert!(!sending.is_refused_before(CHAT, 5, 0) && !sending.is_refused_before(CHAT, 4, 0));
        assert!(!sending.is_refused_before(ChatId([2; 16]), 6, 1));
        sending.passed_on(CHAT, 5);
        assert!(!sending.is_refused_before(CHAT, 6, 1));
        sending.refused_for_load(CHAT, 0);
        assert!(!sending.is_refused_before(CHAT, 6, 1));
    }

    #[test]
    fn a_number_that_the_client_has_an_answer_for_holds_up_nothing() {
        let mut sending = Sending::default();
        sending.refused_for_load(CHAT, 5);
        assert!(sending.is_refused_before(CHAT, 7, 2), "5 is unanswered");
        assert!(!sending.is_refused_before(CHAT, 7, 1), "6 is the lowest");
        assert!(sending.is_idle());
    }

    #[test]
    fn both_tables_are_bounded() {
        let mut sending = Sending::default();
        for _ in 0..UNANSWERED_MAX {
            assert!(!sending.is_full(CHAT));
            sending.passed_on(CHAT, 0);
        }
        assert!(sending.is_full(CHAT));
        sending.answered(CHAT);
        assert!(!sending.is_full(CHAT));
        for chat in 2..=SENDING_CHATS_MAX as u8 {
            sending.passed_on(ChatId([chat; 16]), 0);
        }
        assert!(sending.is_full(ChatId([0; 16])) && !sending.is_full(ChatId([9; 16])));
        for chat in 0..100 {
            sending.refused_for_load(ChatId([chat; 16]), 1);
        }
        assert_eq!(sending.refused.len(), STICKY_CHATS_MAX);
    }
}
