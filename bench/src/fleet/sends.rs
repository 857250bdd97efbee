//! Sending: numbers, what is in flight, repeats, and the closed loop, in which an answer lets the next send go.

use ringpost_wire::limits::PAYLOAD_BYTES_MAX;
use ringpost_wire::{Answer, ContentClass, ErrorCode, NewMessage, Refused, Sent, encode_send};

use super::devices::Fleet;
use super::side::{Outgoing, Outstanding, Waiting};
use crate::record::Stage;
use crate::schedule::mix;

/// Sends that wait for their turn, of all sides together; what is beyond is counted as missed.
const WAITING_MAX: u64 = 20_000_000;
/// Chats with unanswered sends that a session may have (docs/protocol.md, section 10).
const BUSY_CHATS_MAX: u32 = 64;
/// Wait before sending again where the node gives no advice.
const RESEND_NS: u64 = 50_000_000;
/// Wait after a gap, so that the answers to later sends come in before.
const GAP_RESEND_NS: u64 = 20_000_000;
/// Unanswered sends that the protocol's field can tell.
const UNANSWERED_MAX: usize = 15;
/// The first bytes of a payload tell when it was due.
pub(super) const DUE_BYTES: usize = 8;

/// Bytes that look like ciphertext: messages are stretches of it that begin at different places.
pub(super) struct Ciphertext {
    bytes: Vec<u8>,
}

impl Ciphertext {
    const STARTS: usize = 1 << 16;

    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        let words = (Self::STARTS + PAYLOAD_BYTES_MAX).div_ceil(8);
        let bytes = (0..words).flat_map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(state).to_le_bytes()
        });
        Self {
            bytes: bytes.collect(),
        }
    }

    fn of(&self, message_id: u64, payload_bytes: u32) -> &[u8] {
        let start = message_id as usize % Self::STARTS;
        &self.bytes[start..start + payload_bytes as usize]
    }
}

impl Fleet {
    /// Wants a send of `payload_bytes` (8 to 61,440) by `device` in `chat`, due at `due_ns`. It leaves as soon as its
    /// side has fewer in flight than allowed.
    pub fn enqueue(&mut self, device: u32, chat: u32, due_ns: u64, payload_bytes: u32) {
        let id = self.world.chat_id(chat);
        match self.world.side(device, &id) {
            Some(side) => self.enqueue_side(side, due_ns, payload_bytes),
            None => self.counts.schedule_missed += 1,
        }
    }

    fn enqueue_side(&mut self, side: u32, due_ns: u64, payload_bytes: u32) {
        if self.waiting >= WAITING_MAX {
            self.counts.schedule_missed += 1;
            return;
        }
        self.waiting += 1;
        let payload_bytes = payload_bytes.clamp(DUE_BYTES as u32, PAYLOAD_BYTES_MAX as u32);
        let outgoing = self.sides[side as usize].outgoing.get_or_insert_default();
        outgoing.waiting.push_back(Waiting {
            due_ns,
            payload_bytes,
        });
        self.mark_dirty(side);
    }

    /// Begins a closed loop: the device has up to `in_flight` sends unanswered, over its sides in turn, `sends` in all.
    pub fn begin_closed_loop(&mut self, device: u32, in_flight: u32, sends: u64, now_ns: u64) {
        self.devices[device as usize].sends_left = sends;
        for _ in 0..in_flight {
            self.next_of_closed_loop(device, now_ns);
        }
    }

    /// Ends all closed loops: what is in flight is still answered.
    pub fn end_closed_loops(&mut self) {
        self.devices
            .iter_mut()
            .for_each(|device| device.sends_left = 0);
    }

    fn next_of_closed_loop(&mut self, device: u32, now_ns: u64) {
        let sides = self.world.sides_of(device);
        let state = &mut self.devices[device as usize];
        if state.sends_left == 0 || sides.is_empty() {
            return;
        }
        state.sends_left -= 1;
        let side = sides.start + state.rotation;
        state.rotation = (state.rotation + 1) % sides.len() as u32;
        let payload_bytes = (self.sizes)();
        self.enqueue_side(side, now_ns, payload_bytes);
    }

    /// Appends what the side may send now.
    pub(super) fn write_sends(&mut self, side: u32, now_ns: u64, out: &mut Vec<u8>) {
        let chat = self.world.chat_id(self.world.chat_of(side));
        let state = &mut self.sides[side as usize];
        let Some(outgoing) = state.outgoing.as_mut() else {
            return;
        };
        let mut encoder = Encoder {
            chat,
            ciphertext: &self.ciphertext,
            out,
        };
        if let Some(due) = outgoing.resend_at_ns {
            if due > now_ns {
                return;
            }
            outgoing.resend_at_ns = None;
            for (before, send) in outgoing.outstanding.iter_mut().enumerate() {
                send.transmitted_ns = now_ns;
                encoder.append(send, before);
            }
            let resends = outgoing.outstanding.len() as u64;
            self.counts.resends += resends;
            self.counts.frames_out += resends;
        }
        if outgoing.outstanding.is_empty() && !outgoing.waiting.is_empty() {
            let device = &mut self.devices[self.side_devices[side as usize] as usize];
            if device.busy_chats >= BUSY_CHATS_MAX {
                if !core::mem::replace(&mut state.is_blocked, true) {
                    device.blocked.push_back(side);
                }
                return;
            }
            device.busy_chats += 1;
        }
        while outgoing.outstanding.len() < self.in_flight_max {
            let Some(waiting) = outgoing.waiting.pop_front() else {
                break;
            };
            self.waiting -= 1;
            self.messages += 1;
            let message_id = mix(self.messages ^ self.seed);
            let send = outgoing.number(&waiting, message_id, now_ns);
            encoder.append(&send, outgoing.outstanding.len() - 1);
            self.counts.sends += 1;
            self.counts.frames_out += 1;
        }
    }

    pub(super) fn sent(&mut self, device: u32, sent: &Sent, now_ns: u64) {
        let Some(side) = self.world.side(device, &sent.chat) else {
            return;
        };
        let state = &mut self.sides[side as usize];
        state.take(sent.seq);
        let has_gap = !state.early.is_empty();
        let Some(send) = state
            .outgoing
            .as_mut()
            .and_then(|outgoing| outgoing.answered(sent))
        else {
            self.counts.repeated_answers += 1;
            return;
        };
        self.counts.sent += 1;
        if send.due_ns >= self.devices[device as usize].measured_from_ns {
            self.recorder
                .record(Stage::SendToSent, now_ns.saturating_sub(send.due_ns));
        }
        if self.times_transmissions {
            let waited_ns = now_ns.saturating_sub(send.transmitted_ns);
            self.recorder.record(Stage::TakenToSent, waited_ns);
        }
        self.answered(device, side);
        self.mark_dirty(side);
        if has_gap {
            self.set_gap_timer(side, now_ns);
        }
        self.next_of_closed_loop(device, now_ns);
    }

    pub(super) fn refused(&mut self, device: u32, refused: &Refused, now_ns: u64) {
        self.counts.refused += 1;
        self.recorder.errors.count(refused.code.name(), || {
            format!(
                "send {} of device {device}: retry after {} ms, expected {}",
                refused.client_seq, refused.retry_after_ms, refused.expected
            )
        });
        let Some(side) = self.world.side(device, &refused.chat) else {
            return;
        };
        let Some(outgoing) = self.sides[side as usize].outgoing.as_mut() else {
            return;
        };
        let wait_ns = match (refused.code, refused.code.answer()) {
            (ErrorCode::Gap, _) => GAP_RESEND_NS,
            (_, Answer::RetrySame) if refused.retry_after_ms == 0 => RESEND_NS,
            (_, Answer::RetrySame) => u64::from(refused.retry_after_ms) * 1_000_000,
            _ => {
                outgoing
                    .outstanding
                    .retain(|send| send.client_seq != refused.client_seq);
                self.answered(device, side);
                self.next_of_closed_loop(device, now_ns);
                return;
            }
        };
        let due_ns = outgoing.resend_at_ns.unwrap_or(0).max(now_ns + wait_ns);
        outgoing.resend_at_ns = Some(due_ns);
        self.wake_side_at(due_ns, side);
    }

    /// A send was answered for good: with the last of its side, another side may begin.
    fn answered(&mut self, device: u32, side: u32) {
        let outgoing = self.sides[side as usize].outgoing.as_ref();
        if outgoing.is_some_and(|outgoing| outgoing.outstanding.is_empty()) {
            let state = &mut self.devices[device as usize];
            state.busy_chats -= 1;
            if let Some(next) = state.blocked.pop_front() {
                self.sides[next as usize].is_blocked = false;
                self.mark_dirty(next);
            }
        }
    }

    /// After a new `Welcome` all that is unanswered is sent again.
    pub(super) fn resend_all(&mut self, device: u32, now_ns: u64) {
        for side in self.world.sides_of(device) {
            let state = &mut self.sides[side as usize];
            let mut is_due = state.is_read_due || state.is_ack_due;
            if let Some(outgoing) = state.outgoing.as_mut() {
                if !outgoing.outstanding.is_empty() {
                    outgoing.resend_at_ns = Some(now_ns);
                }
                is_due = true;
            }
            if is_due {
                self.mark_dirty(side);
            }
        }
    }

    /// Messages of devices that are signed in which were transmitted, or are to be, and have no answer.
    pub fn unanswered_live(&self) -> u64 {
        let sides = (0..self.world.devices()).filter(|&device| self.is_live(device));
        let sides = sides.flat_map(|device| self.world.sides_of(device));
        let outgoing = sides.filter_map(|side| self.sides[side as usize].outgoing.as_ref());
        outgoing
            .map(|outgoing| (outgoing.outstanding.len() + outgoing.waiting.len()) as u64)
            .sum()
    }
}

struct Encoder<'a> {
    chat: ringpost_wire::ChatId,
    ciphertext: &'a Ciphertext,
    out: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    fn append(&mut self, send: &Outstanding, unanswered: usize) {
        let message = NewMessage {
            chat: self.chat,
            client_seq: send.client_seq,
            message_id: send.message_id,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: unanswered.min(UNANSWERED_MAX) as u8,
            payload: self.ciphertext.of(send.message_id, send.payload_bytes),
            slices: &[],
        };
        encode_send(&message, self.out).expect("the payload's length was clamped to the limit");
        let begin = self.out.len() - send.payload_bytes as usize;
        self.out[begin..begin + DUE_BYTES].copy_from_slice(&send.due_ns.to_le_bytes());
    }
}

impl Outgoing {
    fn number(&mut self, waiting: &Waiting, message_id: u64, now_ns: u64) -> Outstanding {
        self.last_client_seq += 1;
        let send = Outstanding {
            client_seq: self.last_client_seq,
            message_id,
            due_ns: waiting.due_ns,
            transmitted_ns: now_ns,
            payload_bytes: waiting.payload_bytes,
        };
        self.outstanding.push_back(send);
        send
    }

    fn answered(&mut self, sent: &Sent) -> Option<Outstanding> {
        let index = self
            .outstanding
            .iter()
            .position(|send| send.client_seq == sent.client_seq)?;
        self.head = self.head.max(sent.seq);
        self.outstanding.remove(index)
    }
}
