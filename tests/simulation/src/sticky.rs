//! No refusal for load is overtaken: once a number of a chat was refused for load on a connection, what the node takes in afterwards with
//! a higher number is refused too, until that number comes again or the client shows that it has its answer.
//!
//! A core takes in all that arrived before it writes; what comes in the turn of a refusal is not judged.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_wire::{Answer, ChatId, ErrorCode};

/// What one connection owes.
#[derive(Debug, Default)]
pub struct Sticky {
    /// The lowest number of each chat that was refused for load and did not come again.
    refused: BTreeMap<ChatId, u64>,
    /// Numbers that must be refused, and the turn in which they came.
    due: BTreeMap<ChatId, BTreeSet<(u64, u64)>>,
}

impl Sticky {
    /// A send comes, with its number and how many before it are unanswered.
    pub fn received(&mut self, chat: ChatId, (number, unanswered): (u64, u8), turn: u64) {
        let Some(first) = self.refused.get(&chat).copied() else {
            return;
        };
        let lowest = number.saturating_sub(u64::from(unanswered));
        if number == first || lowest > first {
            self.refused.remove(&chat);
        } else if number > first {
            self.due.entry(chat).or_default().insert((number, turn));
        }
    }

    /// A sender is told that its message is stored.
    ///
    /// # Errors
    /// The number was to be refused, in words.
    pub fn sent(&mut self, chat: ChatId, number: u64, turn: u64) -> Result<(), String> {
        if self.refused.get(&chat) == Some(&number) {
            self.refused.remove(&chat);
            // The answer came in the same turn, perhaps before them.
            if let Some(due) = self.due.get_mut(&chat) {
                due.retain(|(_, came)| *came != turn);
            }
        }
        self.settle(chat, number, "Sent")
    }

    /// A sender is told that its message is refused.
    ///
    /// # Errors
    /// The number was to be refused for load, in words.
    pub fn refused(&mut self, chat: ChatId, number: u64, code: ErrorCode) -> Result<(), String> {
        if code.answer() != Answer::RetrySame {
            return self.settle(chat, number, code.name());
        }
        if let Some(due) = self.due.get_mut(&chat) {
            due.retain(|(due, _)| *due != number);
        }
        if number > 0 {
            let first = self.refused.entry(chat).or_insert(number);
            *first = number.min(*first);
        }
        Ok(())
    }

    fn settle(&mut self, chat: ChatId, number: u64, told: &str) -> Result<(), String> {
        let due = self.due.get(&chat);
        if due.is_some_and(|due| due.iter().any(|(due, _)| *due == number)) {
            return Err(format!(
                "tells {told} of number {number}, which came while an earlier one was refused for load"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: ChatId = ChatId([1; 16]);

    fn refusing(number: u64) -> Sticky {
        let mut sticky = Sticky::default();
        let told = sticky.refused(CHAT, number, ErrorCode::Overloaded);
        assert_eq!(told, Ok(()));
        sticky
    }

    #[test]
    fn what_comes_behind_a_refused_number_is_refused() {
        let mut sticky = refusing(5);
        sticky.received(CHAT, (6, 1), 100);
        assert!(sticky.sent(CHAT, 6, 101).is_err());
        assert!(sticky.refused(CHAT, 6, ErrorCode::Gap).is_err());
        let told = sticky.refused(CHAT, 6, ErrorCode::RefusedBefore);
        assert_eq!(told, Ok(()));
        sticky.received(CHAT, (5, 0), 102);
        sticky.received(CHAT, (6, 1), 102);
        assert_eq!(sticky.sent(CHAT, 6, 103), Ok(()));
    }

    #[test]
    fn an_answer_to_the_refused_number_lets_others_pass() {
        let mut sticky = refusing(5);
        sticky.received(CHAT, (6, 1), 100);
        assert_eq!(sticky.sent(CHAT, 5, 100), Ok(()));
        assert_eq!(sticky.sent(CHAT, 6, 101), Ok(()));
        let mut sticky = refusing(5);
        sticky.received(CHAT, (7, 1), 100);
        assert_eq!(sticky.sent(CHAT, 7, 101), Ok(()));
    }
}
