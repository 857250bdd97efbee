//! The application of one device: sends counted messages, keeps what it gets, confirms it, and remembers over crashes.
//!
//! Input: what the device tells. Output: inputs to the device and the log. Invariant: what the log holds is durable with
//! its confirmation, so a crash takes back exactly what was not confirmed.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ringpost_client_core::{ConnectionState, Effect, Incoming, Input, NotAccepted, Outgoing};
use ringpost_wire::{ContentClass, MessageId, UserId};
use tokio::time::Instant;

use super::device_log::{DeviceLog, Kept, Stored, number_in, payload};
use super::orders::{Numbers, Orders, Progress};
use super::plan::{LoadPlan, Part, Sends};
use crate::device::{Device, Happening};

/// Longest wait of a confirmation; what came before it goes lost with a crash.
const CONFIRM_WAIT_MS: u64 = 20;
/// Wait before a refused opening of a chat is tried again: the other user may not be known yet.
const OPEN_AGAIN: Duration = Duration::from_millis(200);
/// An oddity that repeats is not written down again and again.
const ODDITIES_MAX: usize = 20;

/// The application of one device.
pub struct Application {
    part: Part,
    plan: LoadPlan,
    random: ChaCha8Rng,
    log: DeviceLog,
    numbers: Numbers,
    /// The message being given to the SDK: durable before it is given.
    given: Option<(MessageId, u64)>,
    /// When each message without an answer was given.
    given_at: BTreeMap<MessageId, Instant>,
    is_given_answered: bool,
    is_open: bool,
    open_at: Option<Instant>,
    send_at: Instant,
    confirm_at: Option<Instant>,
    live_since_ms: u64,
    lost_sessions: u64,
}

impl Application {
    /// An application that has done nothing yet.
    pub fn new(part: Part, plan: LoadPlan, seed: u64) -> Self {
        let now = Instant::now();
        Self {
            log: DeviceLog::new(part.address(), part.chat()),
            random: ChaCha8Rng::seed_from_u64(seed),
            numbers: Numbers::default(),
            given: None,
            given_at: BTreeMap::new(),
            is_given_answered: true,
            is_open: false,
            open_at: (part.is_sender && part.sends != Sends::Never).then_some(now),
            send_at: now,
            confirm_at: None,
            live_since_ms: 0,
            lost_sessions: 0,
            part,
            plan,
        }
    }

    /// Takes in what the device tells.
    pub fn happened(&mut self, device: &Device, happening: Happening) {
        match happening {
            Happening::Crashed => self.crashed(device),
            Happening::Told(effect) => self.told(effect),
        }
    }

    fn told(&mut self, effect: Effect) {
        match effect {
            Effect::State(ConnectionState::Live) => self.live_since_ms = clock_ms(),
            Effect::State(ConnectionState::BackingOff) => self.lost_sessions += 1,
            Effect::Deliver(message) => self.deliver(&message),
            Effect::Accepted { message_id, .. } => self.accepted(message_id),
            Effect::NotAccepted {
                message_id,
                reason: NotAccepted::InOutbox,
                ..
            } => self.accepted(message_id),
            Effect::Sent {
                message_id,
                seq,
                time_ms,
                ..
            } => self.sent(message_id, Stored { seq, time_ms }),
            Effect::ChatOpened { .. } => self.is_open = true,
            Effect::OpenRefused { .. } => self.open_at = Some(Instant::now() + OPEN_AGAIN),
            Effect::State(_)
            | Effect::Own(_)
            | Effect::Empty { .. }
            | Effect::CaughtUp
            | Effect::Receipt { .. }
            | Effect::Noticed { .. } => {}
            odd => self.odd(format!("{odd:?}")),
        }
    }

    fn odd(&mut self, what: String) {
        if self.log.oddities.len() < ODDITIES_MAX {
            self.log.oddities.push(what);
        }
    }

    fn deliver(&mut self, message: &Incoming) {
        if message.chat != self.log.chat {
            return self.odd(format!("a message of another chat: {}", message.chat));
        }
        self.log.kept.push(Kept {
            seq: message.seq,
            message_id: message.message_id,
            sender: message.sender,
            number: number_in(&message.payload),
        });
        let waited_ms = clock_ms().saturating_sub(message.time_ms);
        self.log.slowest_delivery_ms = self.log.slowest_delivery_ms.max(waited_ms);
        self.numbers.add(message.seq);
        let wait_ms = self.random.random_range(0..=CONFIRM_WAIT_MS);
        self.confirm_at
            .get_or_insert(Instant::now() + Duration::from_millis(wait_ms));
    }

    fn accepted(&mut self, message_id: MessageId) {
        if let Some((_, number)) = self.given.take_if(|(given, _)| *given == message_id) {
            self.log.accepted.push((message_id, number));
        }
        self.is_given_answered = true;
    }

    fn sent(&mut self, message_id: MessageId, stored: Stored) {
        if stored.time_ms < self.live_since_ms {
            self.log.answered_again += 1;
        }
        if let Some(given_at) = self.given_at.remove(&message_id) {
            self.log.slowest_answer = self.log.slowest_answer.max(given_at.elapsed());
        }
        self.numbers.add(stored.seq);
        let first = *self.log.sent.entry(message_id).or_insert(stored);
        if first != stored {
            self.odd(format!("sent as {first:?}, then as {stored:?}"));
        }
    }

    /// What was delivered and not confirmed is taken back; the SDK will deliver it again.
    fn crashed(&mut self, device: &Device) {
        self.log.crashes += 1;
        self.confirm_at = None;
        let remembered = device.machine().state().chat(self.log.chat);
        let cursor = remembered.and_then(|chat| chat.cursor()).unwrap_or(0);
        while self.log.kept.pop_if(|kept| kept.seq > cursor).is_some() {}
        self.numbers = Numbers::default();
        let kept = self.log.kept.iter().map(|kept| kept.seq);
        let sent = self.log.sent.values().map(|stored| stored.seq);
        kept.chain(sent).for_each(|seq| self.numbers.add(seq));
        let last = remembered.map_or(0, |chat| chat.last_accepted());
        if let Some((message_id, _)) = self.given.filter(|(given, _)| *given == last) {
            self.accepted(message_id);
        }
        self.is_given_answered = true;
        if !self.is_open && self.part.sends == Sends::Always {
            self.open_at = Some(Instant::now());
        }
    }

    /// Does what is due. Answers whether it gave the device something to do.
    pub fn act(&mut self, device: &mut Device, orders: &Orders) -> bool {
        let now = Instant::now();
        if self.open_at.is_some_and(|at| orders.may_open && at <= now) {
            self.open_at = None;
            let user = UserId::from_subject(&self.part.peer);
            device.input(Input::OpenChat { user });
            return true;
        }
        if self.confirm_at.is_some_and(|at| at <= now) {
            self.confirm_at = None;
            let chat = self.log.chat;
            let seq = self.log.kept.last().map_or(0, |kept| kept.seq);
            device.input(Input::Confirm { chat, seq });
            return true;
        }
        let may_send = self.may_send(device, orders) && self.send_at <= now;
        if may_send {
            self.send(device);
        }
        may_send
    }

    /// When `act` may have something to do, if nothing else happens.
    pub fn next_due(&self, device: &Device, orders: &Orders) -> Option<Instant> {
        let open_at = self.open_at.filter(|_| orders.may_open);
        let send_at = self.may_send(device, orders).then_some(self.send_at);
        [open_at, self.confirm_at, send_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn may_send(&self, device: &Device, orders: &Orders) -> bool {
        let given = self.log.accepted.len() as u64;
        let allowed = match self.part.sends {
            Sends::Never => 0,
            Sends::Always if !self.is_open => 0,
            Sends::Always => orders.messages_max,
            Sends::Answers(every) => self.log.kept.len() as u64 / every,
        };
        let outbox = device.machine().state().outbox(self.log.chat).len();
        orders.is_sending
            && self.is_given_answered
            && given < allowed
            && outbox < self.plan.in_flight
    }

    fn send(&mut self, device: &mut Device) {
        let number = self.log.accepted.len() as u64 + 1;
        let fresh = (self.random.random_range(1..u64::MAX), number);
        let (message_id, number) = *self.given.get_or_insert(fresh);
        self.is_given_answered = false;
        self.given_at.insert(message_id, Instant::now());
        device.input(Input::Send(Outgoing {
            chat: self.log.chat,
            message_id,
            payload: payload(number, self.plan.payload_bytes).into(),
            content_class: ContentClass::Visible,
            device_epoch: 0,
        }));
        let pause_ms = self.random.random_range(0..=2 * self.plan.pause_ms);
        self.send_at = Instant::now() + Duration::from_millis(pause_ms);
    }

    /// How far it is.
    pub fn progress(&self, device: &Device) -> Progress {
        let machine = device.machine();
        Progress {
            is_live: machine.connection() == ConnectionState::Live,
            is_open: self.is_open,
            accepted: self.log.accepted.len() as u64,
            sent: self.log.sent.len() as u64,
            kept: self.log.kept.len() as u64,
            outbox: machine.state().outbox(self.log.chat).len(),
            passed: self.numbers.passed,
            highest: self.numbers.highest(),
            answered_again: self.log.answered_again,
            lost_sessions: self.lost_sessions,
            crashes: self.log.crashes,
            may_crash: device.can_crash(),
        }
    }

    /// Everything that it knows.
    pub fn into_log(self) -> DeviceLog {
        self.log
    }
}

fn clock_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
