//! One simulated device: what it knows of its connection and its chat, and how it answers frames.
//!
//! Invariant: numbers are dense; a send stays in `outstanding` until it is answered, and is repeated with the same bytes.

use std::collections::VecDeque;

use ringpost_gateway_ring::Connection;
use ringpost_wire::limits::FRAME_BYTES_MAX;
use ringpost_wire::{
    Ack, Answer, ChatId, ContentClass, NewMessage, Seq, ServerFrame, Split, encode_send, split,
};

use crate::report::Tally;

/// Acknowledge at the latest after so many messages.
const ACK_MESSAGES: u64 = 16;

/// What a device does in its pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends to the device with the next index.
    Sender,
    /// Receives and acknowledges.
    Receiver,
}

/// How far a device has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The connection is being made, or `Hello` is on its way.
    Joining,
    /// Signed in.
    SignedIn,
    /// The chat is open.
    Running,
    /// The connection is gone.
    Lost,
}

#[derive(Clone, Copy)]
struct Outstanding {
    client_seq: u64,
    message_id: u64,
    sent_ns: u64,
}

/// A device.
pub struct Peer {
    /// Its role.
    pub role: Role,
    /// Its connection.
    pub connection: Connection,
    /// How far it has come.
    pub stage: Stage,
    /// The pair's chat.
    pub chat: ChatId,
    partial: Vec<u8>,
    next_client_seq: u64,
    outstanding: VecDeque<Outstanding>,
    resend_at_ns: Option<u64>,
    received_to: Seq,
    acked_to: Seq,
    ack_due_ns: Option<u64>,
    is_timer_set: bool,
}

impl Peer {
    /// A device whose connection is being made.
    pub fn new(role: Role, connection: Connection, chat: ChatId) -> Self {
        Self {
            role,
            connection,
            stage: Stage::Joining,
            chat,
            partial: Vec::new(),
            next_client_seq: 1,
            outstanding: VecDeque::new(),
            resend_at_ns: None,
            received_to: 0,
            acked_to: 0,
            ack_due_ns: None,
            is_timer_set: false,
        }
    }

    /// Sends that are not answered.
    pub fn in_flight(&self) -> usize {
        self.outstanding.len()
    }

    /// Takes bytes of the stream. Answers `false` when the stream cannot be followed.
    pub fn receive(&mut self, bytes: &[u8], now_ns: u64, tally: &mut Tally) -> bool {
        if self.partial.is_empty() {
            return match self.frames(bytes, now_ns, tally) {
                Some(used) => {
                    self.partial.extend_from_slice(&bytes[used..]);
                    self.partial.len() <= FRAME_BYTES_MAX
                }
                None => false,
            };
        }
        let mut joined = core::mem::take(&mut self.partial);
        joined.extend_from_slice(bytes);
        let used = self.frames(&joined, now_ns, tally);
        joined.drain(..used.unwrap_or(joined.len()));
        self.partial = joined;
        used.is_some()
    }

    fn frames(&mut self, bytes: &[u8], now_ns: u64, tally: &mut Tally) -> Option<usize> {
        let mut stream = bytes;
        loop {
            match split(stream).ok()? {
                Split::More { .. } => return Some(bytes.len() - stream.len()),
                Split::Frame { kind, frame, rest } => {
                    let frame = ServerFrame::decode(kind, frame).ok()?;
                    self.frame(&frame, now_ns, tally);
                    stream = rest;
                }
            }
        }
    }

    fn frame(&mut self, frame: &ServerFrame<'_>, now_ns: u64, tally: &mut Tally) {
        match frame {
            ServerFrame::Welcome(_) => self.stage = Stage::SignedIn,
            ServerFrame::ChatOpened(_) => self.stage = Stage::Running,
            ServerFrame::Sent(sent) => self.sent(sent.client_seq, now_ns, tally),
            ServerFrame::Deliver(message) => {
                let sent_ns = message
                    .payload()
                    .first_chunk()
                    .map_or(0, |bytes| u64::from_le_bytes(*bytes));
                self.delivered(message.seq(), sent_ns, now_ns, tally);
            }
            ServerFrame::Refused(refused) => {
                tally.refused(refused.code);
                let wait_ns = u64::from(refused.retry_after_ms.max(1)) * 1_000_000;
                if refused.code.answer() == Answer::RetrySame {
                    self.resend_at_ns = Some(self.resend_at_ns.unwrap_or(0).max(now_ns + wait_ns));
                }
            }
            ServerFrame::Failure(failure) => tally.refused(failure.code),
            ServerFrame::Behind(_) => tally.behind += 1,
            ServerFrame::Receipt(_) => tally.receipts += 1,
            _ => {}
        }
    }

    fn sent(&mut self, client_seq: u64, now_ns: u64, tally: &mut Tally) {
        let Some(index) = self
            .outstanding
            .iter()
            .position(|send| send.client_seq == client_seq)
        else {
            tally.repeated_answers += 1;
            return;
        };
        if let Some(send) = self.outstanding.remove(index) {
            tally.sent(now_ns.saturating_sub(send.sent_ns));
        }
    }

    fn delivered(&mut self, seq: Seq, sent_ns: u64, now_ns: u64, tally: &mut Tally) {
        if self.received_to != 0 && seq != self.received_to + 1 {
            tally.misordered += 1;
        }
        self.received_to = self.received_to.max(seq);
        self.ack_due_ns.get_or_insert(now_ns + 20_000_000);
        tally.delivered(now_ns.saturating_sub(sent_ns));
    }

    /// Appends an acknowledgement when one is due; answers when to call again, once for each timer.
    pub fn acknowledge(&mut self, now_ns: u64, out: &mut Vec<u8>) -> Option<u64> {
        let is_due = self.ack_due_ns.is_some_and(|due| due <= now_ns);
        if is_due || self.received_to - self.acked_to >= ACK_MESSAGES {
            Ack {
                chat: self.chat,
                seq: self.received_to,
            }
            .encode(out);
            self.acked_to = self.received_to;
            self.ack_due_ns = None;
            self.is_timer_set = false;
        }
        let due = self.ack_due_ns.filter(|_| !self.is_timer_set);
        self.is_timer_set |= due.is_some();
        due
    }

    /// Appends one new message of `payload`, whose first 8 bytes become the time of sending.
    pub fn send(&mut self, message_id: u64, now_ns: u64, payload: &mut [u8], out: &mut Vec<u8>) {
        let send = Outstanding {
            client_seq: self.next_client_seq,
            message_id,
            sent_ns: now_ns,
        };
        let unanswered = self.outstanding.len();
        self.next_client_seq += 1;
        self.outstanding.push_back(send);
        self.encode(&send, unanswered, payload, out);
    }

    /// Appends again what was refused for load, when its time has come.
    pub fn resend(&mut self, now_ns: u64, payload: &mut [u8], out: &mut Vec<u8>) {
        if self.resend_at_ns.is_none_or(|due| due > now_ns) {
            return;
        }
        self.resend_at_ns = None;
        for (unanswered, send) in self.outstanding.iter().enumerate() {
            self.encode(send, unanswered, payload, out);
        }
    }

    /// Whether sends wait for the end of a refusal.
    pub fn is_refused(&self) -> bool {
        self.resend_at_ns.is_some()
    }

    fn encode(&self, send: &Outstanding, unanswered: usize, payload: &mut [u8], out: &mut Vec<u8>) {
        payload[..8].copy_from_slice(&send.sent_ns.to_le_bytes());
        let message = NewMessage {
            chat: self.chat,
            client_seq: send.client_seq,
            message_id: send.message_id,
            device_epoch: 0,
            content_class: ContentClass::Visible,
            unanswered: unanswered.min(15) as u8,
            payload,
            slices: &[],
        };
        encode_send(&message, out).expect("the payload's length was checked with the arguments");
    }
}
