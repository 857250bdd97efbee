//! What the test knows of one client over all of its lives, from its lines. Output: the log that the checks of chats read.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_wire::{ChatId, DeviceAddress, Seq};

use super::line::Line;
use crate::load::{DeviceLog, Kept, Stored};

/// What is known of a client.
#[derive(Clone, Debug)]
pub(super) struct Record {
    log: DeviceLog,
    accepted: BTreeSet<u64>,
    history: BTreeMap<Seq, u64>,
    /// Its own messages in the history, by number.
    own_history: BTreeSet<u64>,
    /// The last message that its database must have taken.
    held: u64,
    /// The next beginning is from a copy.
    pub(super) is_set_back: bool,
    pub(super) is_open: bool,
    /// Messages in the outbox, by the last status of this life.
    pub(super) status: Option<usize>,
    pub(super) has_ended: bool,
    /// Messages handed over again after a restart, since their confirmation was not durable.
    pub(super) handed_again: u64,
    lives: u64,
}

impl Record {
    pub(super) fn new(device: DeviceAddress) -> Self {
        Self {
            log: DeviceLog::new(device, ChatId::default()),
            accepted: BTreeSet::new(),
            history: BTreeMap::new(),
            own_history: BTreeSet::new(),
            held: 0,
            is_set_back: false,
            is_open: false,
            status: None,
            has_ended: false,
            handed_again: 0,
            lives: 0,
        }
    }

    pub(super) fn chat(&self) -> ChatId {
        self.log.chat
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.len() as u64
    }

    /// Messages that it made or has, of a chat in which each stands once.
    pub(super) fn messages(&self) -> u64 {
        self.accepted() + self.log.kept.len() as u64
    }

    /// The number after the last that it accepted.
    pub(super) fn next_number(&self) -> u64 {
        self.accepted.last().map_or(1, |last| last + 1)
    }

    /// Takes a line.
    pub(super) fn take(&mut self, line: Line) {
        match line {
            Line::Begin {
                last_number,
                cursor,
            } => self.begin(last_number, cursor),
            Line::Open { chat } => {
                self.log.chat = chat;
                self.is_open = true;
            }
            Line::Accepted { number } => {
                self.accepted.insert(number);
                self.held = number;
            }
            Line::Sent {
                number,
                seq,
                time_ms,
            } => self.sent_line(number, Stored { seq, time_ms }),
            Line::Delivered {
                seq,
                sender,
                message_id,
                number,
            } => self.log.kept.push(Kept {
                seq,
                message_id,
                sender,
                number,
            }),
            Line::Status { outbox } => self.status = Some(outbox),
            Line::History {
                seq,
                is_own,
                message_id,
                number,
                time_ms,
            } => self.history_line((seq, time_ms), is_own, (message_id, number)),
            Line::Odd(what) => self.log.oddities.push(what),
            Line::Bye => self.has_ended = true,
        }
    }

    /// A new life: what was accepted is still there; what was not durably confirmed will be handed over again.
    fn begin(&mut self, last_number: u64, cursor: Seq) {
        self.lives += 1;
        self.log.crashes = self.lives - 1;
        self.is_open = false;
        self.status = None;
        let promised = self.accepted.last().copied().unwrap_or(0);
        if !core::mem::take(&mut self.is_set_back) {
            if last_number < self.held {
                self.log.oddities.push(format!(
                    "message {} was accepted, and after a restart the last one is {last_number}",
                    self.held
                ));
            }
            self.accepted.extend(promised + 1..=last_number);
        }
        self.held = last_number;
        let before = self.log.kept.len();
        self.log.kept.retain(|kept| kept.seq <= cursor);
        self.handed_again += (before - self.log.kept.len()) as u64;
    }

    fn sent_line(&mut self, number: u64, stored: Stored) {
        let known = *self.log.sent.entry(number).or_insert(stored);
        if known.seq != stored.seq {
            self.log.oddities.push(format!(
                "message {number} is told to be at {} and at {}",
                known.seq, stored.seq
            ));
        }
    }

    fn history_line(
        &mut self,
        (seq, time_ms): (Option<Seq>, u64),
        is_own: bool,
        (message_id, number): (u64, Option<u64>),
    ) {
        let Some(seq) = seq else {
            let what = format!("the history still has message {message_id} without a place");
            return self.log.oddities.push(what);
        };
        if number != Some(message_id) {
            let what = format!("the history has a wrong payload at {seq}");
            self.log.oddities.push(what);
        }
        if is_own {
            self.own_history.insert(message_id);
            self.sent_line(message_id, Stored { seq, time_ms });
        } else if self.history.insert(seq, message_id).is_some() {
            self.log
                .oddities
                .push(format!("the history has {seq} twice"));
        }
    }

    /// The log of all lives, with what is wrong about the history.
    pub(super) fn finish(mut self) -> DeviceLog {
        self.log.accepted = self
            .accepted
            .iter()
            .map(|number| (*number, *number))
            .collect();
        let kept: BTreeMap<Seq, u64> = self
            .log
            .kept
            .iter()
            .map(|kept| (kept.seq, kept.message_id))
            .collect();
        if self.has_ended && kept != self.history {
            self.log.oddities.push(format!(
                "the history has {} messages of others, {} were handed over, or they differ",
                self.history.len(),
                kept.len()
            ));
        }
        let missing = self.accepted.difference(&self.own_history).count();
        if self.has_ended && missing > 0 {
            let what = format!("{missing} own messages are not in the history");
            self.log.oddities.push(what);
        }
        self.log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::new(DeviceAddress::default())
    }

    fn delivered(seq: Seq) -> Line {
        Line::Delivered {
            seq,
            sender: DeviceAddress::default(),
            message_id: seq,
            number: Some(seq),
        }
    }

    #[test]
    fn what_was_accepted_and_is_gone_is_odd() {
        let mut record = record();
        record.take(Line::Accepted { number: 2 });
        record.take(Line::Begin {
            last_number: 1,
            cursor: 0,
        });
        assert_eq!(record.finish().oddities.len(), 1);
    }

    #[test]
    fn what_was_not_confirmed_is_taken_back() {
        let mut record = record();
        record.take(delivered(1));
        record.take(delivered(2));
        record.take(Line::Begin {
            last_number: 0,
            cursor: 1,
        });
        assert_eq!(record.handed_again, 1);
        assert_eq!(record.log.kept.len(), 1);
    }

    #[test]
    fn a_history_without_what_was_handed_over_is_odd() {
        let mut record = record();
        record.take(delivered(1));
        record.take(Line::Bye);
        assert_eq!(record.finish().oddities.len(), 1);
    }

    #[test]
    fn another_place_than_told_is_odd() {
        let mut record = record();
        let sent = |seq| Line::Sent {
            number: 1,
            seq,
            time_ms: 0,
        };
        record.take(sent(4));
        record.take(sent(4));
        record.take(sent(5));
        assert_eq!(record.finish().oddities.len(), 1);
    }
}
