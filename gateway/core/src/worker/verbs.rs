//! `Worker`: one core's whole state and its five verbs. Inputs: what happened; outputs: effects and mails, in order.
//!
//! Invariant: the same inputs at the same times give the same effects.

use core::net::IpAddr;
use std::collections::VecDeque;

use super::Summary;
use super::relief::Untaken;
use super::sweep::Sweeps;
use crate::home::{Attaches, Directory, OpenBatch};
use crate::outbox::Outbox;
use crate::overload::{Control, HandshakePace};
use crate::peer::Peers;
use crate::random::Random;
use crate::rate_limit::Rate;
use crate::session::{PartialPool, SessionTable, Strangers};
use crate::timer_wheel::TimerWheel;
use crate::{
    ChangeableLimits, Config, CoreId, Counters, Effect, Input, LaneState, Mail, Now, SendAnswer,
    ShardMap,
};

/// Rates of one session, from the configuration.
pub(super) struct Rates {
    pub(super) sends: Option<Rate>,
    pub(super) opens: Option<Rate>,
}

impl Rates {
    fn of(limits: &ChangeableLimits) -> Self {
        Self {
            sends: Rate::new(limits.sends_per_second, 1_000_000, limits.sends_burst),
            opens: Rate::new(limits.opens_per_minute, 60_000_000, limits.opens_per_minute),
        }
    }
}

/// Sessions by phase, kept as they change.
#[derive(Default)]
pub(super) struct SessionCounts {
    /// Those that have said a good `Hello`, live ones too.
    pub(super) signed_in: usize,
    pub(super) live: usize,
    pub(super) behind: usize,
}

/// One core's sessions, and its user and chat homes.
///
/// The shell gives the inputs of one turn of its loop, then takes `next_effect` until `None`, and `next_mail` for every other
/// core while that core's mailbox has room. The more inputs a turn, the larger the batches.
pub struct Worker {
    pub(super) config: Config,
    pub(super) shards: ShardMap,
    pub(super) rates: Rates,
    pub(super) now: Now,
    pub(super) random: Random,

    pub(super) sessions: SessionTable,
    pub(super) session_counts: SessionCounts,
    pub(super) strangers: Strangers,
    pub(super) untaken: Untaken,
    pub(super) peers: Peers,
    pub(super) timers: TimerWheel,
    pub(super) partials: PartialPool,
    pub(super) load: Control,
    pub(super) sweeps: Sweeps,

    pub(super) directory: Directory,
    pub(super) attaches: Attaches,
    pub(super) last_generation: u64,
    #[cfg(planted = "live_before_registered")]
    pub(super) unregistered:
        std::collections::BTreeMap<ringpost_wire::DeviceAddress, crate::home::DeviceSession>,

    pub(super) batch: OpenBatch,
    pub(super) lane: LaneState,
    pub(super) submitted_us: u64,
    #[cfg(planted = "sent_before_stored")]
    pub(super) guessed_heads: std::collections::BTreeMap<ringpost_wire::ChatId, u64>,

    /// One a core; this worker's own holds what it tells itself.
    pub(super) outboxes: Vec<Outbox>,
    /// Answers to senders, one list a core, gathered over one input.
    pub(super) send_answers: Vec<Vec<SendAnswer>>,
    pub(super) effects: VecDeque<Effect>,
    pub(super) counters: Counters,
    /// Where frames are encoded before they are copied.
    pub(super) scratch: Vec<u8>,
}

impl Worker {
    /// A worker without sessions, whose lane is ready. Panics for a core that is not among `config.cores`.
    pub fn new(config: Config, now: Now) -> Self {
        assert!(
            config.core.0 < config.cores,
            "the worker's core is one of the node's"
        );
        let cores = usize::from(config.cores);
        Self {
            shards: ShardMap::new(config.cores),
            rates: Rates::of(&config.changeable()),
            now,
            random: Random::new(config.seed ^ u64::from(config.core.0)),
            sessions: SessionTable::new(config.sessions_max),
            session_counts: SessionCounts::default(),
            strangers: Strangers::default(),
            untaken: Untaken::default(),
            peers: Peers::new(config.peers, config.cores, config.seed),
            timers: TimerWheel::new(now.ticks_ms()),
            partials: PartialPool::default(),
            load: Control::new(
                config.queue_delay_ms,
                config.handshakes_per_second,
                now.ticks_us,
            ),
            sweeps: Sweeps::default(),
            directory: Directory::new(config.seed),
            attaches: Attaches::default(),
            last_generation: 0,
            #[cfg(planted = "live_before_registered")]
            unregistered: std::collections::BTreeMap::new(),
            batch: OpenBatch::new(config.seed),
            lane: LaneState::Ready,
            submitted_us: 0,
            #[cfg(planted = "sent_before_stored")]
            guessed_heads: std::collections::BTreeMap::new(),
            outboxes: (0..cores).map(|_| Outbox::default()).collect(),
            send_answers: vec![Vec::new(); cores],
            effects: VecDeque::new(),
            counters: Counters::default(),
            scratch: Vec::new(),
            config,
        }
    }

    /// Takes in one thing that happened. Anything is allowed at any time; what concerns an ended session is left alone.
    pub fn input(&mut self, now: Now, input: Input<'_>) {
        self.advance_clock(now);
        match input {
            Input::Connected { session, peer } => self.connected(session, peer),
            Input::Received { session, bytes } => self.received(session, bytes),
            Input::Progress {
                session,
                sent_bytes,
            } => self.progressed(session, sent_bytes),
            Input::Disconnected { session } => self.disconnected(session),
            Input::Mail { from, mail } => self.mail_arrived(from, mail),
            Input::BatchAnswered { outcomes } => self.batch_answered(outcomes),
            Input::Lane(state) => self.lane_changed(state),
            Input::Admin { ticket, command } => self.admin(ticket, command),
            Input::SendMemoryShort { bytes } => self.relieve(bytes),
            Input::Limits(limits) => self.change_limits(&limits),
            Input::Tokens(tokens) => self.config.tokens = tokens,
            Input::Drain {
                spread_ms,
                delay_ms,
            } => self.drain(spread_ms, delay_ms),
        }
        self.settle();
    }

    /// Does what is due at `now`. Harmless when nothing is.
    pub fn timeout(&mut self, now: Now) {
        self.advance_clock(now);
        let mut due = Vec::new();
        self.timers.advance(now.ticks_ms(), &mut due);
        for slot in due {
            self.session_due(slot);
        }
        self.sweep();
        self.load.advance(now.ticks_us, self.batch.waiting() == 0);
        self.settle();
    }

    /// The next effect, in the order in which they must be performed. A batch is closed when nothing else is left.
    pub fn next_effect(&mut self) -> Option<Effect> {
        if self.effects.is_empty() {
            self.submit();
        }
        self.effects.pop_front()
    }

    /// The next mail for another core. To be asked only while that core's mailbox has room: what is not taken waits here,
    /// within limits. Always `None` for this worker's own core.
    pub fn next_mail(&mut self, to: CoreId) -> Option<Mail> {
        if to == self.config.core {
            return None;
        }
        self.outboxes.get_mut(usize::from(to.0))?.next()
    }

    /// When `timeout` is due next, in ticks (microseconds of `Now::ticks_us`); `None` for never.
    pub fn next_deadline(&self) -> Option<u64> {
        let deadlines = [self.timers.next_deadline_ms(), self.sweeps.deadline_ms()];
        let next_us = deadlines.into_iter().flatten().min().map(|ms| ms * 1_000);
        next_us.into_iter().chain(self.load.deadline_us()).min()
    }

    /// The state in numbers.
    pub fn summary(&self) -> Summary {
        let outboxes = self.outboxes.iter();
        Summary {
            sessions_opening: self.sessions.count() - self.session_counts.live,
            sessions_live: self.session_counts.live,
            sessions_behind: self.session_counts.behind,
            partial_frames: self.partials.frames(),
            peers: self.peers.count(),
            peers_forgotten: self.peers.forgotten(),
            devices: self.directory.devices(),
            attaches: self.attaches.count(),
            waiting_commands: self.batch.waiting(),
            submitted_commands: self.batch.submitted(),
            mails_waiting: outboxes.clone().map(Outbox::waiting).sum(),
            requests_unanswered: outboxes.map(Outbox::requests_unanswered).sum(),
            load_level: self.load.level(),
            queue_delay_us: self.load.delay_us(),
            draining: self.sweeps.is_draining(),
        }
    }

    /// What was counted since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether a connection from `peer` would be taken now: whoever has costly work to do for it first may ask.
    pub fn welcomes(&self, peer: IpAddr, now: Now) -> bool {
        let peer = self.peers.key(peer);
        self.peers.refusal(peer, now).is_none()
    }

    /// Which core is home of what.
    pub fn shards(&self) -> &ShardMap {
        &self.shards
    }

    fn change_limits(&mut self, limits: &ChangeableLimits) {
        self.rates = Rates::of(limits);
        self.load.handshakes = HandshakePace::new(limits.handshakes_per_second);
        self.load.change_target(limits.queue_delay_ms);
        self.peers.change(limits.peers);
    }

    fn advance_clock(&mut self, now: Now) {
        assert!(
            now.ticks_us >= self.now.ticks_us,
            "ticks never run back: {} after {}",
            now.ticks_us,
            self.now.ticks_us
        );
        self.now = now;
    }
}
