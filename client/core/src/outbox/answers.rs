//! The answers to sends: stored, refused for load, out of sequence, or refused for good.
//!
//! An answer counts only for a number that was transmitted on this connection and still waits. Numbers change only after
//! `SequenceReused`, never after `Gap`.

use ringpost_wire::{Answer, ChatId, ErrorCode, MessageId, Refused, Sent, Seq};

use super::lanes::Refusal;
use crate::effect::Effect;
use crate::inbox::Item;
use crate::limits::{
    GAP_RESEND_WAIT_MS, PROBE_CLIENT_SEQ, RETRY_AFTER_MS_MAX, RETRY_WAIT_MS, RETRY_WAIT_MS_MAX,
};
use crate::machine::Machine;
use crate::record::Record;
use crate::timers::Timer;

/// Nothing is kept for a sender who is no member: such a refusal leaves the number to the next message.
pub(crate) fn uses_no_number(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::UnknownChat | ErrorCode::NotMember)
}

impl Machine {
    pub(crate) fn sent(&mut self, sent: &Sent) {
        if sent.client_seq == PROBE_CLIENT_SEQ {
            return self.give_up();
        }
        if !self.lanes.answered(sent.chat, sent.client_seq) {
            return;
        }
        self.link.was_answered = true;
        self.lanes.lane_mut(sent.chat).load_refusals = 0;
        if let Some(message_id) = self.message_id(sent.chat, sent.client_seq) {
            let place = (sent.seq, sent.time_ms);
            self.stored(sent.chat, message_id, sent.client_seq, place);
        } else {
            self.lanes.forget_number(sent.chat, sent.client_seq);
        }
        self.lanes.make_ready(sent.chat);
    }

    pub(crate) fn refused(&mut self, refused: &Refused) {
        let (chat, client_seq) = (refused.chat, refused.client_seq);
        if !self.lanes.answered(chat, client_seq) {
            return;
        }
        self.link.was_answered = true;
        self.lanes.make_ready(chat);
        if client_seq == PROBE_CLIENT_SEQ {
            return self.probed(refused);
        }
        if self.message_id(chat, client_seq).is_none() {
            self.lanes.forget_number(chat, client_seq);
            return;
        }
        match (refused.code.answer(), refused.code) {
            (Answer::Renumber, ErrorCode::Gap) => self.gap(refused),
            (Answer::Renumber, _) => self.reused(refused),
            (Answer::RetrySame, _) => self.refused_for_load(refused),
            _ => {
                let refusal = Refusal {
                    code: refused.code,
                    device_epoch: refused.device_epoch,
                };
                let lane = self.lanes.lane_mut(chat);
                lane.refused.insert(client_seq, refusal);
                if uses_no_number(refused.code) {
                    lane.unused = Some(lane.unused.unwrap_or(client_seq).min(client_seq));
                }
            }
        }
    }

    /// A message is stored: told first, then taken out of the outbox.
    pub(crate) fn stored(
        &mut self,
        chat: ChatId,
        message_id: MessageId,
        client_seq: u64,
        (seq, time_ms): (Seq, u64),
    ) {
        self.effects.push_back(Effect::Sent {
            chat,
            message_id,
            seq,
            time_ms,
        });
        self.settle(chat, client_seq, seq);
        self.offer(chat, seq, Item::Own(None));
    }

    /// Takes a message out of the outbox.
    pub(crate) fn settle(&mut self, chat: ChatId, client_seq: u64, seq: Seq) {
        self.persist(Record::Settled {
            chat,
            client_seq,
            seq,
        });
        let lane = self.lanes.lane_mut(chat);
        lane.flight_mut(client_seq).is_due = false;
        // The count of what waits for answers on this connection outlives the message.
        self.lanes.forget_number(chat, client_seq);
    }

    fn message_id(&self, chat: ChatId, client_seq: u64) -> Option<MessageId> {
        let state = self.state.chat(chat)?;
        let index = state.position(client_seq)?;
        state.outbox().get(index).map(|entry| entry.message_id)
    }

    /// Same number and bytes again, after the time that the server names.
    fn refused_for_load(&mut self, refused: &Refused) {
        let chat = refused.chat;
        let lane = self.lanes.lane_mut(chat);
        lane.flight_mut(refused.client_seq).is_due = true;
        let mut wait_ms = RETRY_WAIT_MS;
        if refused.code != ErrorCode::RefusedBefore {
            wait_ms = (RETRY_WAIT_MS << lane.load_refusals.min(16)).min(RETRY_WAIT_MS_MAX);
            lane.load_refusals += 1;
            let shed = lane.shed.unwrap_or(refused.client_seq);
            lane.shed = Some(shed.min(refused.client_seq));
        }
        let asked_ms = u64::from(refused.retry_after_ms).min(RETRY_AFTER_MS_MAX);
        let jitter_ms = self.random.up_to(wait_ms / 2);
        self.pause(chat, asked_ms.max(wait_ms / 2) + jitter_ms);
    }

    /// Numbers before this one are missing at the server: send again from there, with the same numbers.
    fn gap(&mut self, refused: &Refused) {
        let (chat, expected) = (refused.chat, refused.expected);
        self.lanes.expects(chat, expected);
        if cfg!(planted = "renumber_on_gap") {
            self.renumber(chat, expected);
            return;
        }
        let first = self.state.outbox(chat).next();
        let is_inside = first.is_some_and(|entry| entry.client_seq <= expected);
        let from = if is_inside {
            expected
        } else {
            refused.client_seq
        };
        let lane = self.lanes.lane_mut(chat);
        let from = from.min(refused.client_seq);
        for (_, flight) in lane.flights.range_mut(from..=refused.client_seq) {
            flight.is_due = true;
        }
        self.pause(chat, GAP_RESEND_WAIT_MS);
    }

    /// The number was used for something else, or its answer is forgotten: the log tells what is stored.
    fn reused(&mut self, refused: &Refused) {
        self.found_set_back();
        let lane = self.lanes.lane_mut(refused.chat);
        lane.reused = lane.reused.max(Some(refused.expected.max(1)));
    }

    /// Nothing of the chat is sent for a time; a longer pause is kept.
    pub(crate) fn pause(&mut self, chat: ChatId, wait_ms: u64) {
        self.timers
            .set_later(Timer::Lane(chat), self.now_ms + wait_ms);
    }
}
