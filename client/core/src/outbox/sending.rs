//! Transmitting what is due: in order, at most 16 unanswered a chat, with the number of unanswered forerunners.
//!
//! While numbers given again may meet old ones (the state is `careful`), one message at a time.

use ringpost_wire::{ChatId, NewMessage, encode_send};

use crate::limits::{IN_FLIGHT_MAX, UNANSWERED_MAX};
use crate::machine::Machine;
use crate::timers::Timer;

impl Machine {
    pub(crate) fn pump_lanes(&mut self) {
        while self.lanes.in_flight() < IN_FLIGHT_MAX {
            let Some(chat) = self.lanes.pop_ready() else {
                return;
            };
            self.send_due(chat);
            self.lanes.forget_if_idle(chat);
        }
    }

    fn send_due(&mut self, chat: ChatId) {
        self.begin_look(chat);
        let is_paused = self.timers.is_set(Timer::Lane(chat));
        let Some(lane) = self.lanes.lane(chat) else {
            return;
        };
        if is_paused {
            return;
        }
        if lane.is_halted() {
            return self.send_shed(chat);
        }
        let is_careful = self
            .state
            .chat(chat)
            .is_some_and(|state| state.is_careful());
        let window = match is_careful {
            true => 1,
            false => self.known_window(chat),
        };
        let mut index = 0;
        while let Some(span) = self.span(chat, index)
            && span < window
        {
            if self.lanes.in_flight() >= IN_FLIGHT_MAX {
                self.lanes.make_ready(chat);
                return;
            }
            if self.awaits_answer_before_repeat(chat, index) {
                return;
            }
            self.send_if_due(chat, index, span as u8);
            index += 1;
        }
    }

    /// Before numbers are given again, the one that the server waits for is sent, else it refuses the new ones for ever.
    fn send_shed(&mut self, chat: ChatId) {
        let shed = self.lanes.lane(chat).and_then(|lane| lane.shed);
        let Some(shed) = shed else {
            return;
        };
        let state = self.state.chat(chat);
        match state.and_then(|state| state.position(shed)) {
            Some(index) => {
                let span = self.span(chat, index).unwrap_or(0);
                self.send_if_due(chat, index, span.min(UNANSWERED_MAX as u64 - 1) as u8);
            }
            None => {
                self.lanes.lane_mut(chat).shed = None;
                self.begin_look(chat);
            }
        }
    }

    /// A number is under way at most once: were it stored by one transmission and the other refused for load, the server
    /// would wait for a number that never comes again. Later ones wait too, for the order.
    fn awaits_answer_before_repeat(&self, chat: ChatId, index: usize) -> bool {
        let entry = self
            .state
            .chat(chat)
            .and_then(|state| state.outbox().get(index));
        let (Some(entry), Some(lane)) = (entry, self.lanes.lane(chat)) else {
            return false;
        };
        let flight = lane.flight(entry.client_seq);
        flight.is_due && flight.waiting > 0
    }

    /// Distance in numbers from the first message in the outbox to the one at `index`: the server keeps the answers of so
    /// many forerunners.
    fn span(&self, chat: ChatId, index: usize) -> Option<u64> {
        let outbox = self.state.chat(chat)?.outbox();
        Some(outbox.get(index)?.client_seq - outbox.front()?.client_seq)
    }

    fn send_if_due(&mut self, chat: ChatId, index: usize, unanswered: u8) {
        let (Some(state), Some(lane)) = (self.state.chat(chat), self.lanes.lane(chat)) else {
            return;
        };
        let Some(entry) = state.outbox().get(index) else {
            return;
        };
        if !lane.flight(entry.client_seq).is_due || lane.is_refused(entry.client_seq) {
            return;
        }
        let message = NewMessage {
            chat,
            client_seq: entry.client_seq,
            message_id: entry.message_id,
            device_epoch: entry.device_epoch,
            content_class: entry.content_class,
            unanswered,
            payload: &entry.payload,
            slices: &[],
        };
        let mut frame = Vec::new();
        let is_encoded = encode_send(&message, &mut frame).is_ok();
        assert!(is_encoded, "a payload is measured before it is accepted");
        let client_seq = entry.client_seq;
        self.transmit(|out| *out = frame);
        self.lanes.transmitted(chat, client_seq);
    }
}
