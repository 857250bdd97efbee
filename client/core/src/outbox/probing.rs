//! How far a chat's numbers may be sent at once: never past one that an earlier life of this device may have used.
//!
//! A state may be older than what its device did since. Were messages sent together of which the first have used numbers and the
//! last has the next one, the last would be stored first. So numbers from the server's next on wait for those before it. Where the
//! next number is not known, the first message goes alone, or none if it may be stored already, and with it a number that no message
//! has, which is answered with the next one. `Sent` tells less: it may be the answer to the same message of an earlier life.

use ringpost_wire::{Answer, ChatId, ContentClass, ErrorCode, NewMessage, Refused, encode_send};

use crate::limits::{PROBE_CLIENT_SEQ, RETRY_AFTER_MS_MAX, RETRY_WAIT_MS, UNANSWERED_MAX};
use crate::machine::Machine;

impl Machine {
    /// How many numbers from the first in the outbox on may be under way.
    pub(crate) fn known_window(&mut self, chat: ChatId) -> u64 {
        let first = self.state.outbox(chat).next().map(|entry| entry.client_seq);
        let (Some(first), Some(lane)) = (first, self.lanes.lane(chat)) else {
            return 0;
        };
        let is_old = lane.flight(first).is_old;
        let has_company = self.state.outbox(chat).len() > 1;
        match self.lanes.expected(chat) {
            Some(expected) if expected > first => (expected - first).min(UNANSWERED_MAX as u64),
            Some(_) => UNANSWERED_MAX as u64,
            None => {
                if is_old || has_company {
                    self.probe(chat);
                }
                u64::from(!is_old)
            }
        }
    }

    fn probe(&mut self, chat: ChatId) {
        let first = self.state.outbox(chat).next();
        let (Some(first), Some(lane)) = (first, self.lanes.lane(chat)) else {
            return;
        };
        if lane.flight(PROBE_CLIENT_SEQ).waiting > 0 {
            return;
        }
        let message = NewMessage {
            chat,
            client_seq: PROBE_CLIENT_SEQ,
            message_id: first.message_id,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: 0,
            payload: &[],
            slices: &[],
        };
        let mut frame = Vec::new();
        let is_encoded = encode_send(&message, &mut frame).is_ok();
        assert!(is_encoded, "an empty payload fits");
        self.transmit(|out| *out = frame);
        self.lanes.transmitted(chat, PROBE_CLIENT_SEQ);
    }

    /// The probe is answered.
    pub(crate) fn probed(&mut self, refused: &Refused) {
        let chat = refused.chat;
        self.lanes.forget_number(chat, PROBE_CLIENT_SEQ);
        match refused.code {
            ErrorCode::Gap => {
                self.lanes.expects(chat, refused.expected.max(1));
                let next = self.state.chat(chat).map(|state| state.next_client_seq());
                if next.is_some_and(|next| refused.expected > next) {
                    self.found_set_back();
                }
            }
            code if code.answer() == Answer::RetrySame => {
                let asked_ms = u64::from(refused.retry_after_ms);
                self.pause(chat, asked_ms.clamp(RETRY_WAIT_MS, RETRY_AFTER_MS_MAX));
            }
            // A stranger has used no number.
            _ => self.lanes.expects(chat, 1),
        }
    }
}
