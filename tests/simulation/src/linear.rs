//! Whether the sends and reads of a chat can be put into one order that agrees with real time. The log is that order: it has no
//! gaps, so each send has a number, and a read shows the log up to a head. From times alone follows in near-linear time:
//!
//! - a message that was made after another was told of stands behind it;
//! - a read shows all that anybody was told of, or was shown, before it was asked for;
//! - a read shows nothing that was made after its answer.

use std::collections::BTreeMap;

use ringpost_wire::{ChatId, MessageId, Seq};

/// An answered read.
#[derive(Clone, Copy, Debug)]
struct Read {
    head: Seq,
    answered_us: u64,
}

#[derive(Clone, Debug, Default)]
struct Chat {
    /// The last number that anybody was told of or was shown.
    known_to: Seq,
    /// When anybody was first told of each number.
    told_us: BTreeMap<Seq, u64>,
    reads: Vec<Read>,
}

/// What was made, told and read, and when. Times are microseconds since the start.
#[derive(Clone, Debug, Default)]
pub struct Linear {
    made_us: BTreeMap<MessageId, u64>,
    chats: BTreeMap<ChatId, Chat>,
}

impl Linear {
    /// A sender makes a message.
    pub fn make(&mut self, message_id: MessageId, now_us: u64) {
        self.made_us.entry(message_id).or_insert(now_us);
    }

    /// A client is told of a message: it gets it, or its sender learns that it is stored.
    pub fn tell(&mut self, chat: ChatId, seq: Seq, now_us: u64) {
        let chat = self.chats.entry(chat).or_default();
        chat.known_to = chat.known_to.max(seq);
        chat.told_us.entry(seq).or_insert(now_us);
    }

    /// A client asks for what is in a chat. Answers the number that it must be shown at least.
    pub fn ask(&self, chat: ChatId) -> Seq {
        self.chats.get(&chat).map_or(0, |chat| chat.known_to)
    }

    /// A client is shown that a chat has messages up to `head`.
    ///
    /// # Errors
    /// More was known before it asked, in words.
    pub fn show(&mut self, chat: ChatId, least: Seq, head: Seq, now_us: u64) -> Result<(), String> {
        let chat = self.chats.entry(chat).or_default();
        chat.known_to = chat.known_to.max(head);
        chat.reads.push(Read {
            head,
            answered_us: now_us,
        });
        if head < least {
            return Err(format!(
                "a read shows {head}, and {least} was known before it was asked for"
            ));
        }
        Ok(())
    }

    /// Looks at a whole chat; `log` is what stands where, ascending.
    ///
    /// # Errors
    /// No order agrees with real time, in words.
    pub fn check(
        &self,
        chat: ChatId,
        log: impl DoubleEndedIterator<Item = (Seq, MessageId)> + Clone,
    ) -> Result<(), String> {
        let Some(chat) = self.chats.get(&chat) else {
            return Ok(());
        };
        self.check_sends(chat, log.clone())?;
        self.check_reads(chat, log)
    }

    fn check_sends(
        &self,
        chat: &Chat,
        log: impl DoubleEndedIterator<Item = (Seq, MessageId)>,
    ) -> Result<(), String> {
        let mut earliest_after: Option<(u64, Seq)> = None;
        for (seq, message_id) in log.rev() {
            let made_us = self.made_us(message_id);
            if let Some((told_us, later)) = earliest_after
                && told_us < made_us
            {
                return Err(format!(
                    "{seq} was made at {made_us} us, {later} behind it was told of at {told_us} us"
                ));
            }
            if let Some(told_us) = chat.told_us.get(&seq) {
                let this = (*told_us, seq);
                earliest_after = Some(earliest_after.map_or(this, |before| before.min(this)));
            }
        }
        Ok(())
    }

    fn check_reads(
        &self,
        chat: &Chat,
        log: impl Iterator<Item = (Seq, MessageId)>,
    ) -> Result<(), String> {
        let mut reads = chat.reads.clone();
        reads.sort_by_key(|read| read.head);
        let mut log = log.peekable();
        let mut latest = (0, 0);
        for read in reads {
            while let Some((seq, message_id)) = log.next_if(|(seq, _)| *seq <= read.head) {
                latest = latest.max((self.made_us(message_id), seq));
            }
            let (made_us, seq) = latest;
            if read.answered_us < made_us {
                return Err(format!(
                    "a read at {} us shows {}, and {seq} was made at {made_us} us",
                    read.answered_us, read.head
                ));
            }
        }
        Ok(())
    }

    fn made_us(&self, message_id: MessageId) -> u64 {
        self.made_us.get(&message_id).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: ChatId = ChatId([1; 16]);

    fn check(linear: &Linear, log: &[(Seq, MessageId)]) -> Result<(), String> {
        linear.check(CHAT, log.iter().copied())
    }

    #[test]
    fn what_was_made_after_an_answer_stands_behind_it() {
        let mut linear = Linear::default();
        linear.make(7, 10);
        linear.make(8, 15);
        linear.tell(CHAT, 1, 20);
        linear.make(9, 21);
        assert_eq!(check(&linear, &[(1, 7), (2, 8), (3, 9)]), Ok(()));
        assert_eq!(check(&linear, &[(1, 8), (2, 7), (3, 9)]), Ok(()));
        linear.tell(CHAT, 2, 20);
        assert!(check(&linear, &[(1, 9), (2, 7), (3, 8)]).is_err());
    }

    #[test]
    fn a_read_shows_what_was_known_when_it_was_asked_for() {
        let mut linear = Linear::default();
        assert_eq!(linear.ask(CHAT), 0);
        linear.tell(CHAT, 3, 5);
        let least = linear.ask(CHAT);
        linear.tell(CHAT, 4, 6);
        assert_eq!(linear.show(CHAT, least, 3, 7), Ok(()));
        assert!(linear.clone().show(CHAT, least, 2, 7).is_err());
        assert_eq!(linear.show(CHAT, least, 9, 8), Ok(()));
        assert!(linear.clone().show(CHAT, linear.ask(CHAT), 8, 9).is_err());
    }

    #[test]
    fn a_read_shows_nothing_that_was_made_later() {
        let mut linear = Linear::default();
        linear.make(7, 10);
        linear.make(8, 30);
        assert_eq!(linear.show(CHAT, 0, 1, 20), Ok(()));
        assert_eq!(check(&linear, &[(1, 7), (2, 8)]), Ok(()));
        assert_eq!(linear.show(CHAT, 0, 2, 20), Ok(()));
        assert!(check(&linear, &[(1, 7), (2, 8)]).is_err());
    }
}
