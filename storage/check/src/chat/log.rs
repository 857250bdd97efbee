//! The messages of a chat, one after another: none missing, none too many, each what its key and the windows say.

use ringpost_storage_core::key;
use ringpost_storage_core::store::Key;
use ringpost_wire::{ChatId, MessageView, Seq};

use super::rows::{ChatRows, HeadRow};
use super::senders::Senders;
use crate::findings::Findings;
use crate::{FindingKind, StoredRow};

/// What the head says of the log.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    trimmed_to: Seq,
    last: Seq,
    last_time_ms: u64,
}

/// The log of a chat on its way past.
#[derive(Debug)]
pub(super) struct Log {
    chat: ChatId,
    /// `None` when the head cannot be read or is missing.
    bounds: Option<Bounds>,
    /// A missing head has yet to be told of.
    is_headless: bool,
    senders: Senders,
    next: Seq,
    time_ms: u64,
}

impl Log {
    /// The log that belongs to `rows`.
    pub fn of(rows: &ChatRows) -> Self {
        let bounds = rows.whole_head().map(|head| Bounds {
            trimmed_to: head.trimmed_to,
            last: head.last_seq(),
            last_time_ms: head.last_time_ms,
        });
        Self {
            chat: rows.chat,
            bounds,
            is_headless: matches!(rows.head, HeadRow::Missing),
            senders: Senders::of(rows),
            next: bounds.map_or(0, |bounds| bounds.trimmed_to + 1),
            time_ms: 0,
        }
    }

    /// Checks the next message.
    pub fn message(&mut self, key: &Key, row: &StoredRow, findings: &mut Findings) {
        let Some((_, seq)) = key::message::decode(key) else {
            return;
        };
        if std::mem::take(&mut self.is_headless) {
            findings.add(FindingKind::HeadMissing, key.as_slice(), || {
                "a head of its chat; this is the first of its messages".to_owned()
            });
        }
        let is_in_place = self.place(key, seq, findings);
        let Some(message) = self.frame(key, seq, row, findings) else {
            return;
        };
        if is_in_place {
            self.time(key, &message, findings);
            self.senders.check(key, &message, findings);
        }
    }

    /// Checks what is missing at the end.
    pub fn end(&mut self, findings: &mut Findings) {
        if let Some(bounds) = self.bounds {
            self.missing_to(bounds.last, findings);
        }
    }

    /// Whether a message of this number may be there, as far as can be told.
    fn place(&mut self, key: &Key, seq: Seq, findings: &mut Findings) -> bool {
        let Some(bounds) = self.bounds else {
            return false;
        };
        if seq <= bounds.trimmed_to {
            findings.add(FindingKind::MessageTrimmed, key.as_slice(), || {
                format!("no message up to {}, which are trimmed", bounds.trimmed_to)
            });
            return false;
        }
        if seq > bounds.last {
            findings.add(FindingKind::MessageBeyondHead, key.as_slice(), || {
                format!("no message after {}, the chat's last", bounds.last)
            });
            return false;
        }
        self.missing_to(seq - 1, findings);
        self.next = seq + 1;
        true
    }

    /// Tells of the numbers from the next one to `to`.
    fn missing_to(&mut self, to: Seq, findings: &mut Findings) {
        let from = self.next;
        if from > to {
            return;
        }
        let key = key::message::encode(self.chat, from);
        findings.add(FindingKind::MessageMissing, key.as_slice(), || {
            format!("messages {from} to {to}, {} in all", to - from + 1)
        });
        self.next = to + 1;
    }

    fn frame<'r>(
        &self,
        key: &Key,
        seq: Seq,
        row: &'r StoredRow,
        findings: &mut Findings,
    ) -> Option<MessageView<'r>> {
        let message = match MessageView::of_deliver(&row.value) {
            Ok(message) => message,
            Err(error) => {
                findings.add(FindingKind::DamagedRow, key.as_slice(), || {
                    format!("a whole message: {error}")
                });
                return None;
            }
        };
        if message.chat() == self.chat && message.seq() == seq {
            return Some(message);
        }
        findings.add(FindingKind::MisplacedMessage, key.as_slice(), || {
            let (chat, seq) = (message.chat(), message.seq());
            format!("a frame of this chat and number; it is number {seq} of chat {chat}")
        });
        None
    }

    fn time(&mut self, key: &Key, message: &MessageView<'_>, findings: &mut Findings) {
        let Some(bounds) = self.bounds else {
            return;
        };
        let (time_ms, earliest_ms) = (message.time_ms(), self.time_ms);
        let latest_ms = bounds.last_time_ms;
        let is_last = message.seq() == bounds.last;
        let is_right = (earliest_ms..=latest_ms).contains(&time_ms);
        if !is_right || (is_last && time_ms != latest_ms) {
            findings.add(FindingKind::TimeRunsBack, key.as_slice(), || {
                let place = if is_last { ", the last at that" } else { "" };
                format!("a time from {earliest_ms} to {latest_ms} ms{place}; it is {time_ms} ms")
            });
        }
        self.time_ms = earliest_ms.max(time_ms);
    }
}
