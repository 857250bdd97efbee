//! The machine in its five verbs: take an input, take a timeout, tell the next effect, the next deadline, the state.
//!
//! Each verb that changes something ends with `pump`, which starts whatever may now go out. Durable state changes only by
//! `persist`, which applies the record and asks the shell to keep it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use ringpost_wire::{ChatId, Seq};

use crate::chats::{Marks, Opens};
use crate::effect::{ConnectionState, Effect};
use crate::inbox::{Acks, Lister, Reader, Recovery, Stream};
use crate::input::Input;
use crate::limits::{ANSWER_PING_MS, ANSWER_TIMEOUT_MS};
use crate::link::Link;
use crate::outbox::Lanes;
use crate::random::Random;
use crate::record::Record;
use crate::state::State;
use crate::timers::{Timer, Timers};

/// What a machine is made with.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// Seed of jitter and nonces.
    pub seed: u64,
    /// Name and version of the client software, for the server's log; may be empty.
    pub client: String,
    /// Heartbeat interval to ask for, in milliseconds; 0 leaves it to the server.
    pub heartbeat_ms: u32,
    /// The session token; without one the machine asks with `NeedToken`.
    pub token: Option<String>,
    /// The state may be older than what this device did since, as one from a backup is: every chat of the device is listed and read from
    /// where the state stands. What shows that it is so has the same effect, and is told by `Effect::SetBack`.
    pub is_set_back: bool,
}

/// A client's session machine.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) options: Options,
    pub(crate) now_ms: u64,
    pub(crate) state: State,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) random: Random,
    pub(crate) timers: Timers,
    pub(crate) link: Link,
    pub(crate) lanes: Lanes,
    pub(crate) streams: BTreeMap<ChatId, Stream>,
    /// Where a chat stands of which the state knows nothing: at its beginning, or, for a new device, where the server says.
    pub(crate) unknown_at: Option<Seq>,
    pub(crate) recovery: Recovery,
    /// Chats with a message whose turn it is, which waits for confirmations.
    pub(crate) held: BTreeSet<ChatId>,
    /// Chats of which it is not known where this device stands.
    pub(crate) unplaced: BTreeSet<ChatId>,
    pub(crate) unconfirmed: usize,
    pub(crate) waiting_bytes: usize,
    pub(crate) acks: Acks,
    pub(crate) lister: Lister,
    pub(crate) reader: Reader,
    pub(crate) opens: Opens,
    pub(crate) marks: Marks,
}

impl Machine {
    /// A machine that goes on from `state`. It does nothing before `Input::Connect`.
    pub fn new(options: Options, state: State) -> Self {
        let link = Link::new(options.token.clone());
        let is_known = state.owner().is_some() || options.is_set_back;
        let unknown_at = is_known.then_some(0);
        let streams: BTreeMap<ChatId, Stream> = state
            .chats()
            .map(|(chat, remembered)| (chat, Stream::at(remembered.cursor().or(unknown_at))))
            .collect();
        Self {
            random: Random::new(options.seed),
            now_ms: 0,
            effects: VecDeque::new(),
            timers: Timers::default(),
            link,
            lanes: Lanes::of(&state),
            streams,
            unknown_at,
            recovery: Recovery::of(options.is_set_back),
            held: BTreeSet::new(),
            unplaced: BTreeSet::new(),
            unconfirmed: 0,
            waiting_bytes: 0,
            acks: Acks::default(),
            lister: Lister::default(),
            reader: Reader::default(),
            opens: Opens::default(),
            marks: Marks::default(),
            options,
            state,
        }
    }

    /// Takes something that happened. `now_ms` is a monotonic clock; a time before an earlier one counts as that.
    pub fn input(&mut self, now_ms: u64, input: Input<'_>) {
        self.now_ms = self.now_ms.max(now_ms);
        match input {
            Input::Connect => self.connect(),
            Input::Disconnect => self.disconnect(),
            Input::Opened => self.opened(),
            Input::Received { bytes } => self.received(bytes),
            Input::Closed => self.closed(),
            Input::SetToken { token } => self.set_token(token),
            Input::Send(outgoing) => self.accept(outgoing),
            Input::OpenChat { user } => self.open_chat(user),
            Input::Confirm { chat, seq } => self.confirm(chat, seq),
            Input::MarkRead { chat, read_to } => self.mark_read(chat, read_to),
        }
        self.pump();
    }

    /// Takes every deadline that has come.
    pub fn timeout(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        while let Some(timer) = self.timers.pop_due(self.now_ms) {
            match timer {
                Timer::Dial => self.dial(),
                Timer::Handshake | Timer::Pong | Timer::Overdue => self.give_up(),
                Timer::Leave => self.leave(),
                Timer::Ping | Timer::Answer => self.ping(),
                Timer::Ack => self.flush_acks(),
                Timer::List => self.list_again(),
                Timer::Gap(chat) => self.gap_stays(chat),
                Timer::Lane(chat) => self.lanes.make_ready(chat),
                Timer::Reader | Timer::Open => {}
            }
            self.pump();
        }
    }

    /// The next thing to do, in order.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When `timeout` wants to be called; a time in the past means at once.
    pub fn next_deadline(&self) -> Option<u64> {
        self.timers.next_ms()
    }

    /// The durable state, as it is once every `Persist` told so far is carried out.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state of the connection.
    pub fn connection(&self) -> ConnectionState {
        self.link.state
    }

    /// Whether the device has every message that was there when the server last said so.
    pub fn is_caught_up(&self) -> bool {
        self.lister.is_caught_up()
    }

    /// Messages given to the application and not confirmed.
    pub fn unconfirmed(&self) -> usize {
        self.unconfirmed
    }

    pub(crate) fn is_live(&self) -> bool {
        self.link.state == ConnectionState::Live
    }

    pub(crate) fn pump(&mut self) {
        if !self.is_live() {
            return;
        }
        self.pump_opens();
        self.pump_marks();
        self.pump_lister();
        self.pump_lanes();
        self.pump_reader();
        self.watch_answers();
    }

    pub(crate) fn persist(&mut self, record: Record) {
        let is_applied = self.state.apply(&record).is_ok();
        assert!(is_applied, "the machine makes records that fit its state");
        self.effects.push_back(Effect::Persist(record));
    }

    /// Sends one frame that `encode` appends.
    pub(crate) fn transmit(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut frame = Vec::new();
        encode(&mut frame);
        self.effects.push_back(Effect::Transmit {
            bytes: Bytes::from(frame),
        });
        if self.is_live() {
            let at_ms = self.now_ms.saturating_add(self.link.heartbeat_ms);
            self.timers.set(Timer::Ping, at_ms);
        }
    }

    /// Keeps the deadlines for answers: set while any are due, moved by each. A server whose store is away owes answers for as
    /// long, and a session that is kept goes on at once when it is back; one that does not even answer a ping is left.
    fn watch_answers(&mut self) {
        let due = self.lanes.in_flight() > 0
            || self.reader.is_asked()
            || self.lister.is_asked()
            || self.opens.is_asked();
        if !due || core::mem::take(&mut self.link.was_answered) {
            self.timers.clear(Timer::Answer);
            self.timers.clear(Timer::Overdue);
        }
        if due {
            let (ping_ms, end_ms) = (
                self.now_ms + ANSWER_PING_MS,
                self.now_ms + ANSWER_TIMEOUT_MS,
            );
            self.timers.set_if_clear(Timer::Answer, ping_ms);
            self.timers.set_if_clear(Timer::Overdue, end_ms);
        }
    }
}
