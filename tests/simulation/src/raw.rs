//! A client that speaks the protocol by hand, one send at a time: the link and what all such clients do alike.

use bytes::Bytes;
use ringpost_wire::{
    Ack, Answer, ChatId, DeviceAddress, ErrorCode, Failure, Hello, ListPending, MessageId,
    MessageView, NewMessage, OpenChat, PROTOCOL_VERSION, PendingList, Ping, Refused, Sent, Seq,
    ServerFrame, Split, UserId, encode_send, split,
};

use crate::connection::{ConnectionId, Peer};
use crate::door::Door;
use crate::model::Entry;
use crate::rule_breaker::RuleBreaker;
use crate::token::token;
use crate::world::{Event, World, note};

const ACT_US: u64 = 60_000;
const PING_US: u64 = 3_000_000;
const SILENCE_US_MAX: u64 = 20_000_000;
const LIST_US: u64 = 700_000;
/// Share of turns with an acknowledgement that says less than the one before.
const OLD_ACK_SHARE: u64 = 200;
const REDIAL_US_MAX: u64 = 1_500_000;

/// What a raw client is there for.
#[derive(Debug)]
pub enum Role {
    /// It stands for a door whose clients have no dense numbers.
    Door(Door),
    /// It breaks the rules of numbering.
    RuleBreaker(RuleBreaker),
}

/// A send of a raw client.
#[derive(Clone, Debug)]
pub struct RawSend {
    /// The chat.
    pub chat: ChatId,
    /// The number; 0 for none.
    pub client_seq: u64,
    /// How many before it are said to be unanswered.
    pub unanswered: u8,
    /// The version of the device list; 0 for none.
    pub device_epoch: u32,
    /// The message.
    pub message_id: MessageId,
    /// Its payload.
    pub payload: Bytes,
}

/// The answer to a send that is not a refusal for load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawAnswer {
    /// Stored.
    Sent(Seq, u64),
    /// Refused, with `expected`.
    Refused(ErrorCode, u64),
}

/// A raw client.
pub struct RawClient {
    /// Its token's subject.
    pub subject: String,
    /// Its device.
    pub device: DeviceAddress,
    /// The user it talks to.
    pub peer: UserId,
    /// The circle of that user.
    pub circle: usize,
    /// Their chat.
    pub chat: ChatId,
    /// What it is there for.
    pub role: Role,
    /// The send that is not answered, and when it may go out, in microseconds; `None` while it is on its way.
    pub sending: Option<(RawSend, Option<u64>)>,
    /// The chat is open.
    pub is_open: bool,
    connection: Option<ConnectionId>,
    is_live: bool,
    received: Vec<u8>,
    dial_at_us: u64,
    heard_us: u64,
    pinged_us: u64,
    listed_us: u64,
    is_caught_up: bool,
    requests: u32,
    acked: (ChatId, Seq),
}

impl RawClient {
    /// A client that has not connected.
    pub fn new(subject: String, (peer, circle): (UserId, usize), role: Role) -> Self {
        let user = UserId::from_subject(&subject);
        Self {
            device: DeviceAddress { user, device: 1 },
            chat: ChatId::one_to_one(user, peer),
            subject,
            peer,
            circle,
            role,
            sending: None,
            is_open: false,
            connection: None,
            is_live: false,
            received: Vec::new(),
            dial_at_us: 0,
            heard_us: 0,
            pinged_us: 0,
            listed_us: 0,
            is_caught_up: false,
            requests: 0,
            acked: (ChatId::default(), 0),
        }
    }

    fn is_done(&self) -> bool {
        let is_role_done = match &self.role {
            Role::Door(door) => door.is_done(),
            Role::RuleBreaker(breaker) => breaker.is_done(),
        };
        is_role_done && self.sending.is_none() && self.is_live && self.is_caught_up
    }
}

impl World {
    /// What a raw client has not done yet.
    pub fn unsettled_raw(&self) -> Option<String> {
        let index = self.raws.iter().position(|raw| !raw.is_done())?;
        let raw = &self.raws[index];
        Some(format!(
            "r{index} live {} {:?} {:?}",
            raw.is_live, raw.sending, raw.role
        ))
    }

    /// A raw client does what is due, and again later.
    pub fn raw_act(&mut self, index: usize) {
        let (now_us, is_active) = (self.now_us, self.is_active());
        let raw = &mut self.raws[index];
        match raw.connection {
            None if raw.dial_at_us <= now_us => {
                raw.heard_us = now_us;
                let circle = raw.circle;
                let node = match (is_active, self.is_spread()) {
                    (true, true) => self.circles[circle].home,
                    (true, false) => self.random.index(self.nodes.len()),
                    (false, _) => 0,
                };
                let connection = self.dial(Peer::Raw(index), 0, node);
                self.raws[index].connection = Some(connection);
            }
            Some(connection) if raw.heard_us + SILENCE_US_MAX < now_us => {
                self.client_closes(connection);
                self.raw_lost(index);
            }
            Some(connection) if self.connections[connection.0].node != 0 && !is_active => {
                self.client_closes(connection);
                self.raw_lost(index);
            }
            Some(_) if raw.is_live => self.raw_live(index),
            _ => {}
        }
        let delay_us = self.random.around(ACT_US);
        self.after(delay_us, Event::RawAct(index));
    }

    fn raw_live(&mut self, index: usize) {
        let now_us = self.now_us;
        let raw = &mut self.raws[index];
        if raw.pinged_us + PING_US < now_us {
            raw.pinged_us = now_us;
            self.raw_write(index, |out| Ping { nonce: 1 }.encode(out));
        }
        let raw = &mut self.raws[index];
        if raw.listed_us + LIST_US < now_us {
            raw.listed_us = now_us;
            raw.requests += 1;
            let (request, user, is_open) = (raw.requests, raw.peer, raw.is_open);
            self.raw_write(index, |out| {
                if !is_open {
                    OpenChat { request, user }.encode(out);
                }
                let (after, chats_max) = (&[][..], 64);
                ListPending {
                    request,
                    after,
                    chats_max,
                    all: false,
                }
                .encode(out);
            });
        }
        self.raw_acks_old(index);
        self.raw_next(index);
        self.raw_transmit(index);
    }

    fn raw_next(&mut self, index: usize) {
        if self.raws[index].sending.is_some() || !self.raws[index].is_open {
            return;
        }
        let next = match &self.raws[index].role {
            Role::Door(_) => self.door_next(index),
            Role::RuleBreaker(_) => self.rule_breaker_next(index),
        };
        self.raws[index].sending = next.map(|send| (send, Some(0)));
    }

    fn raw_transmit(&mut self, index: usize) {
        let now_us = self.now_us;
        let Some((send, at_us)) = &mut self.raws[index].sending else {
            return;
        };
        if at_us.is_none_or(|at_us| at_us > now_us) {
            return;
        }
        *at_us = None;
        let send = send.clone();
        note!(
            self,
            "r{index} sends {} {:x}",
            send.client_seq,
            send.message_id
        );
        self.raw_write(index, |out| {
            let message = NewMessage {
                chat: send.chat,
                client_seq: send.client_seq,
                message_id: send.message_id,
                device_epoch: send.device_epoch,
                content_class: ringpost_wire::ContentClass::Visible,
                unanswered: send.unanswered,
                payload: &send.payload,
                slices: &[],
            };
            encode_send(&message, out).expect("simulated sends keep the limits");
        });
    }

    fn raw_write(&mut self, index: usize, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        encode(&mut bytes);
        if let Some(connection) = self.raws[index].connection {
            self.client_writes(connection, &bytes);
        }
    }

    /// The connection is open: hello.
    pub fn raw_opened(&mut self, index: usize, connection: ConnectionId) {
        if self.raws[index].connection != Some(connection) {
            return;
        }
        let now_s = self.clock_ms() / 1_000;
        let raw = &self.raws[index];
        let token = token(&raw.subject, raw.device.device, now_s, now_s + 86_400);
        self.raw_write(index, |out| {
            let hello = Hello {
                version_min: PROTOCOL_VERSION,
                version_max: PROTOCOL_VERSION,
                token: &token,
                client: "raw",
                heartbeat_ms: 4_000,
            };
            hello.encode(out);
        });
    }

    /// The connection is over.
    pub fn raw_closed(&mut self, index: usize, connection: ConnectionId) {
        if self.raws[index].connection == Some(connection) {
            self.raw_lost(index);
        }
    }

    fn raw_lost(&mut self, index: usize) {
        let delay_us = self.random.between(1, REDIAL_US_MAX);
        let raw = &mut self.raws[index];
        raw.connection = None;
        raw.is_live = false;
        raw.received.clear();
        raw.dial_at_us = self.now_us + delay_us;
        if let Some((_, at_us)) = &mut raw.sending {
            *at_us = Some(0);
        }
    }

    /// Bytes reach the client.
    pub fn raw_hears(&mut self, index: usize, connection: ConnectionId, bytes: &[u8]) {
        if self.raws[index].connection != Some(connection) {
            return;
        }
        self.raws[index].heard_us = self.now_us;
        let mut received = std::mem::take(&mut self.raws[index].received);
        received.extend_from_slice(bytes);
        let mut rest = &received[..];
        loop {
            match split(rest) {
                Ok(Split::Frame {
                    kind,
                    frame,
                    rest: after,
                }) => {
                    rest = after;
                    match ServerFrame::decode(kind, frame) {
                        Ok(frame) => self.raw_frame(index, frame),
                        Err(error) => return self.fail(format_args!("r{index} hears {error}")),
                    }
                }
                Ok(Split::More { .. }) => break,
                Err(error) => return self.fail(format_args!("r{index} hears {error}")),
            }
        }
        let rest = rest.to_vec();
        if self.raws[index].connection == Some(connection) {
            self.raws[index].received = rest;
        }
    }

    fn raw_frame(&mut self, index: usize, frame: ServerFrame<'_>) {
        match frame {
            ServerFrame::Welcome(_) => {
                let raw = &mut self.raws[index];
                (raw.is_live, raw.listed_us, raw.is_caught_up) = (true, 0, false);
            }
            ServerFrame::ChatOpened(_) => self.raws[index].is_open = true,
            ServerFrame::Deliver(message) => self.raw_delivered(index, &message),
            ServerFrame::Sent(sent) => self.raw_sent(index, &sent),
            ServerFrame::Refused(refused) => self.raw_refused(index, &refused),
            ServerFrame::PendingList(list) => self.raw_listed(index, &list),
            ServerFrame::Failure(failure) => self.raw_failed(index, &failure),
            _ => {}
        }
    }

    fn raw_delivered(&mut self, index: usize, message: &MessageView<'_>) {
        let (chat, seq) = (message.chat(), message.seq());
        if let Err(why) = self.model.observe(chat, seq, Entry::of(message)) {
            return self.fail(format_args!(
                "r{index} gets {:x} at {seq}: {why}",
                message.message_id()
            ));
        }
        // Often one behind, so that the device stays behind until it lists what is pending.
        let lag = self.random.below(2).min(seq - 1);
        self.raw_acks(index, chat, seq - lag);
    }

    fn raw_acks(&mut self, index: usize, chat: ChatId, seq: Seq) {
        if seq > 0 {
            self.raws[index].acked = (chat, seq);
            self.raw_write(index, |out| Ack { chat, seq }.encode(out));
        }
    }

    /// An acknowledgement comes late that says less than one before.
    fn raw_acks_old(&mut self, index: usize) {
        let (chat, acked) = self.raws[index].acked;
        if acked > 1 && self.is_active() && self.random.chance(OLD_ACK_SHARE) {
            self.counts.add("old acknowledgements");
            let seq = self.random.between(1, acked - 1);
            self.raw_write(index, |out| Ack { chat, seq }.encode(out));
        }
    }

    /// It reads nothing of what is pending: it only says that it has it.
    fn raw_listed(&mut self, index: usize, list: &PendingList) {
        self.raws[index].is_caught_up = list.complete && list.chats.is_empty();
        for pending in &list.chats {
            self.raw_acks(index, pending.chat, pending.head);
        }
    }

    fn raw_failed(&mut self, index: usize, failure: &Failure<'_>) {
        note!(self, "r{index} fails: {:?}", failure.code);
        if !failure.fatal && failure.code == ErrorCode::UnexpectedFrame {
            self.fail(format_args!("r{index} is told {:?}", failure.code));
        }
    }

    fn raw_sent(&mut self, index: usize, sent: &Sent) {
        let is_asked = |(send, _): &(RawSend, Option<u64>)| {
            (send.chat, send.client_seq) == (sent.chat, sent.client_seq)
        };
        let Some((send, _)) = self.raws[index]
            .sending
            .take_if(|sending| is_asked(sending))
        else {
            return self.fail(format_args!(
                "r{index} is answered what it did not ask: {sent:?}"
            ));
        };
        note!(self, "r{index} sent {:x} @{}", send.message_id, sent.seq);
        if let Err(why) = self.model.sent(send.message_id, sent.seq, sent.time_ms) {
            return self.fail(format_args!(
                "r{index} is answered {:x}: {why}",
                send.message_id
            ));
        }
        self.raw_answered(index, &send, RawAnswer::Sent(sent.seq, sent.time_ms));
    }

    fn raw_refused(&mut self, index: usize, refused: &Refused) {
        note!(
            self,
            "r{index} refused {:?} expected {}",
            refused.code,
            refused.expected
        );
        let is_asked = |(send, _): &(RawSend, Option<u64>)| {
            (send.chat, send.client_seq) == (refused.chat, refused.client_seq)
        };
        let now_us = self.now_us;
        let Some(sending) = self.raws[index]
            .sending
            .as_mut()
            .filter(|sending| is_asked(sending))
        else {
            return self.fail(format_args!(
                "r{index} is refused what it did not ask: {refused:?}"
            ));
        };
        if refused.code.answer() == Answer::RetrySame {
            sending.1 = Some(now_us + u64::from(refused.retry_after_ms) * 1_000);
            return;
        }
        let send = sending.0.clone();
        self.raws[index].sending = None;
        self.raw_answered(
            index,
            &send,
            RawAnswer::Refused(refused.code, refused.expected),
        );
    }

    fn raw_answered(&mut self, index: usize, send: &RawSend, answer: RawAnswer) {
        match &self.raws[index].role {
            Role::Door(_) => self.door_answered(index, send, answer),
            Role::RuleBreaker(_) => self.rule_breaker_answered(index, send, answer),
        }
    }
}
