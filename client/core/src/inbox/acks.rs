//! Acknowledgements: cumulative, gathered for a short time, and never ahead of what the application confirmed.
//!
//! Invariant: an acknowledgement names the durable cursor of its chat, which moves only by `Record::Confirmed` (the
//! application kept it) and over numbers that need no confirmation.

use std::collections::BTreeMap;

use ringpost_wire::{Ack, ChatId, Seq};

use crate::limits::{ACK_MESSAGES, ACK_WAIT_MS};
use crate::machine::Machine;
use crate::record::Record;
use crate::timers::Timer;

/// Chats with an acknowledgement due, and how many messages it covers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acks {
    due: BTreeMap<ChatId, usize>,
}

impl Acks {
    pub(crate) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}

impl Machine {
    pub(crate) fn confirm(&mut self, chat: ChatId, seq: Seq) {
        let Some(stream) = self.streams.get_mut(&chat) else {
            return;
        };
        let confirmed = stream.confirm(seq);
        if confirmed == 0 {
            return;
        }
        self.unconfirmed -= confirmed;
        self.cursor_moved(chat, confirmed);
        self.resume_held();
    }

    /// Makes the cursor durable where it moved, and gathers the acknowledgement. `messages` were confirmed by this.
    pub(crate) fn cursor_moved(&mut self, chat: ChatId, messages: usize) {
        let Some(stream) = self.streams.get(&chat) else {
            return;
        };
        let Some(seq) = stream.ackable() else {
            return;
        };
        let (owes_ack, is_news) = (stream.owes_ack, seq > stream.acked);
        let cursor = self.state.chat(chat).and_then(|state| state.cursor());
        if owes_ack && cursor < Some(seq) {
            self.persist(Record::Confirmed { chat, seq });
        }
        if !owes_ack || !is_news {
            return;
        }
        let due = self.acks.due.entry(chat).or_default();
        *due += messages;
        if *due >= ACK_MESSAGES && self.is_live() {
            self.flush_ack(chat);
        } else {
            let at_ms = self.now_ms + ACK_WAIT_MS;
            self.timers.set_if_clear(Timer::Ack, at_ms);
        }
    }

    /// Sends every acknowledgement that is due; without a session they wait for one.
    pub(crate) fn flush_acks(&mut self) {
        if !self.is_live() {
            return;
        }
        while let Some(chat) = self.acks.due.keys().next().copied() {
            self.flush_ack(chat);
        }
    }

    fn flush_ack(&mut self, chat: ChatId) {
        self.acks.due.remove(&chat);
        if self.acks.is_empty() {
            self.timers.clear(Timer::Ack);
        }
        let cursor = self.state.chat(chat).and_then(|state| state.cursor());
        let (Some(seq), Some(stream)) = (cursor, self.streams.get_mut(&chat)) else {
            return;
        };
        stream.acked = stream.acked.max(seq);
        let has_unanswered = self.state.outbox(chat).len() > 0;
        if stream.passed() == Some(seq) && !has_unanswered {
            stream.owes_ack = false;
        }
        self.transmit(|out| Ack { chat, seq }.encode(out));
    }
}
