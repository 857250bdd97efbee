//! Receiving: order, repeats, gaps and cumulative acknowledgements.

use ringpost_wire::{Ack, Behind, MarkRead, MessageView};

use super::devices::Fleet;
use super::sends::DUE_BYTES;
use super::side::Taken;
use crate::record::Stage;

/// Messages until an acknowledgement at the latest.
const ACK_MESSAGES: u32 = 16;
/// Time until an acknowledgement at the latest.
const ACK_NS: u64 = 20_000_000;
/// Time until a gap is read from the log.
const GAP_NS: u64 = 50_000_000;

impl Fleet {
    pub(super) fn delivered(&mut self, device: u32, message: &MessageView<'_>, now_ns: u64) {
        let Some(side) = self.world.side(device, &message.chat()) else {
            self.recorder
                .errors
                .count("delivery-of-an-unknown-chat", || {
                    format!("to device {device}")
                });
            return;
        };
        let sender = message.sender();
        let is_own = sender.user == self.world.user_id(self.world.user_of(device))
            && sender.device == self.world.device_number(device);
        let state = &mut self.sides[side as usize];
        let was_pulled = state.is_pulled;
        let taken = state.take(message.seq());
        match taken {
            Taken::Repeated => {
                self.counts.repeated_deliveries += u64::from(!is_own && !was_pulled);
                return;
            }
            Taken::Dropped => {
                self.set_gap_timer(side, now_ns);
                return;
            }
            Taken::Early if !was_pulled => {
                self.counts.early_deliveries += 1;
                self.set_gap_timer(side, now_ns);
            }
            Taken::Early | Taken::Next => {}
        }
        if is_own {
            return;
        }
        self.count_delivery(device, message, now_ns);
        self.schedule_ack(side, now_ns);
    }

    fn count_delivery(&mut self, device: u32, message: &MessageView<'_>, now_ns: u64) {
        self.counts.delivered += 1;
        let state = &mut self.devices[device as usize];
        if !core::mem::replace(&mut state.has_received, true) {
            self.devices_reached += 1;
        }
        let due: Option<&[u8; DUE_BYTES]> = message.payload().first_chunk();
        let due_ns = due.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        if due_ns >= state.measured_from_ns {
            self.recorder
                .record(Stage::SendToDeliver, now_ns.saturating_sub(due_ns));
        }
    }

    fn schedule_ack(&mut self, side: u32, now_ns: u64) {
        let state = &mut self.sides[side as usize];
        state.unacknowledged += 1;
        if state.unacknowledged >= ACK_MESSAGES {
            state.is_ack_due = true;
            self.mark_dirty(side);
        } else if !core::mem::replace(&mut state.is_ack_timer_set, true) {
            self.ack_timers.push_back((now_ns + ACK_NS, side));
        }
    }

    pub(super) fn ack_timer(&mut self, side: u32) {
        let state = &mut self.sides[side as usize];
        state.is_ack_timer_set = false;
        if state.unacknowledged > 0 {
            state.is_ack_due = true;
            self.mark_dirty(side);
        }
    }

    pub(super) fn set_gap_timer(&mut self, side: u32, now_ns: u64) {
        if !core::mem::replace(&mut self.sides[side as usize].is_gap_timer_set, true) {
            self.gap_timers.push_back((now_ns + GAP_NS, side));
        }
    }

    pub(super) fn gap_timer(&mut self, side: u32) {
        let state = &mut self.sides[side as usize];
        state.is_gap_timer_set = false;
        if state.head > state.received_to && !state.is_pulled {
            self.counts.gaps_read += 1;
            self.pull_chat(self.device_of(side), side);
        }
    }

    /// Appends an acknowledgement if one is due.
    pub(super) fn write_ack(&mut self, side: u32, out: &mut Vec<u8>) {
        let chat = self.world.chat_id(self.world.chat_of(side));
        let state = &mut self.sides[side as usize];
        if !core::mem::take(&mut state.is_ack_due) {
            return;
        }
        state.unacknowledged = 0;
        state.acked_to = state.received_to;
        Ack {
            chat,
            seq: state.acked_to,
        }
        .encode(out);
        self.counts.acks += 1;
        self.counts.frames_out += 1;
    }

    pub(super) fn behind(&mut self, device: u32, behind: &Behind, now_ns: u64) {
        self.counts.behind += 1;
        if behind.chat.0 == [0; 16] {
            self.begin_passes(device, now_ns);
        } else if let Some(side) = self.world.side(device, &behind.chat) {
            let state = &mut self.sides[side as usize];
            state.head = state.head.max(behind.head);
            self.pull_chat(device, side);
        }
    }

    /// Wants the mark that the device has read all that it has of `chat`; it leaves once the device is signed in.
    pub fn mark_read(&mut self, device: u32, chat: u32) {
        let id = self.world.chat_id(chat);
        match self.world.side(device, &id) {
            Some(side) => {
                self.sides[side as usize].is_read_due = true;
                self.mark_dirty(side);
            }
            None => self.counts.schedule_missed += 1,
        }
    }

    /// Appends the read mark if one is due and there is something new to mark.
    pub(super) fn write_read(&mut self, side: u32, out: &mut Vec<u8>) {
        let chat = self.world.chat_id(self.world.chat_of(side));
        let state = &mut self.sides[side as usize];
        let is_due = core::mem::take(&mut state.is_read_due);
        if is_due && state.received_to > state.read_to {
            state.read_to = state.received_to;
            MarkRead {
                chat,
                read_to: state.read_to,
            }
            .encode(out);
            self.counts.marks_read += 1;
            self.counts.frames_out += 1;
        }
    }

    /// Messages that a device which is signed in does not have although they are stored.
    pub fn missing(&self) -> u64 {
        let mut heads = vec![0u64; self.world.chats() as usize];
        for (side, state) in self.sides.iter().enumerate() {
            let head = &mut heads[self.world.chat_of(side as u32) as usize];
            let answered = state.outgoing.as_ref().map_or(0, |outgoing| outgoing.head);
            *head = (*head).max(answered).max(state.received_to);
        }
        let mut missing = 0;
        for device in (0..self.world.devices()).filter(|&device| self.is_live(device)) {
            for side in self.world.sides_of(device) {
                let head = heads[self.world.chat_of(side) as usize];
                missing += head - self.sides[side as usize].received_to;
            }
        }
        missing
    }
}
