//! The rig: workers of one node, their lanes and mailboxes, connections and a clock, all in memory and in one thread.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use ringpost_gateway_core::{
    Config, CoreId, Effect, Event, Input, KeySet, LaneState, Mail, Now, SessionId, TokenKey,
    TokenRules, TokenVerifier, Worker,
};
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{FrameKind, Split, split};

use crate::store::Store;
use crate::tokens::SECRET;

/// Wall clock at the start: a time at which the tokens are valid.
pub const START_MS: u64 = 2_000_000;

/// One end of a connection.
pub struct Connection {
    pub core: CoreId,
    pub session: SessionId,
    /// Frames that came and were not looked at.
    pub inbox: VecDeque<Vec<u8>>,
    /// The server closed; whether it flushed.
    pub closed: Option<bool>,
    /// The client takes what comes; otherwise it stays in the socket.
    pub reads: bool,
    /// Bytes in the socket.
    pub unread_bytes: usize,
    pub paused: bool,
    /// The client went: what the worker says before it knows is lost.
    pub gone: bool,
}

pub struct Rig {
    pub workers: Vec<Worker>,
    pub store: Store,
    pub connections: Vec<Connection>,
    pub now: Now,
    /// Lanes keep their batches until this is false.
    pub lanes_hold: bool,
    /// Mailboxes to these cores take nothing.
    pub full_mailboxes: Vec<CoreId>,
    pub lanes: BTreeMap<CoreId, Vec<Command>>,
    pub events: Vec<Event>,
    pub admin_answers: Vec<String>,
    pub mails: usize,
}

/// The tests' key, without leeway, and for tokens of an issuer if one is given.
pub fn tokens_of(issuer: Option<&str>) -> Arc<TokenVerifier> {
    let key = TokenKey::hs256(None, SECRET).expect("is long enough");
    let rules = TokenRules {
        leeway_ms: 0,
        issuer: issuer.map(str::to_owned),
        ..TokenRules::default()
    };
    Arc::new(TokenVerifier::new(KeySet::of_key(key), rules))
}

pub fn config() -> Config {
    Config {
        tokens: tokens_of(None),
        server: "rig".to_owned(),
        sessions_max: 10_000,
        seed: 7,
        ..Config::default()
    }
}

impl Rig {
    pub fn new(cores: u16) -> Self {
        Self::with(cores, config())
    }

    pub fn with(cores: u16, config: Config) -> Self {
        let now = Now {
            clock_ms: START_MS,
            ticks_us: 5_000_000,
        };
        let worker = |core| {
            let config = Config {
                core: CoreId(core),
                cores,
                ..config.clone()
            };
            Worker::new(config, now)
        };
        Self {
            workers: (0..cores).map(worker).collect(),
            store: Store::default(),
            connections: Vec::new(),
            now,
            lanes_hold: false,
            full_mailboxes: Vec::new(),
            lanes: BTreeMap::new(),
            events: Vec::new(),
            admin_answers: Vec::new(),
            mails: 0,
        }
    }

    /// A new connection to a core, of which nobody knows where it is from.
    pub fn connect(&mut self, core: usize) -> usize {
        self.connect_from(core, None)
    }

    /// A new connection to a core from an address; slots are used again.
    pub fn connect_from(&mut self, core: usize, peer: Option<IpAddr>) -> usize {
        let core = CoreId((core % self.workers.len()) as u16);
        let used = |slot: u32| {
            let mut open = self.connections.iter();
            open.any(|c| c.core == core && c.session.slot == slot && c.closed.is_none())
        };
        let slot = (0..).find(|slot| !used(*slot)).expect("slots are endless");
        let session = SessionId {
            slot,
            generation: self.connections.len() as u32,
        };
        self.connections.push(Connection {
            core,
            session,
            inbox: VecDeque::new(),
            closed: None,
            reads: true,
            unread_bytes: 0,
            paused: false,
            gone: false,
        });
        self.input(core, Input::Connected { session, peer });
        self.connections.len() - 1
    }

    pub fn input(&mut self, core: CoreId, input: Input<'_>) {
        self.workers[usize::from(core.0)].input(self.now, input);
    }

    /// Gives a worker bytes of a client, and does not let anything else happen.
    pub fn bytes(&mut self, connection: usize, bytes: &[u8]) {
        let Connection { core, session, .. } = self.connections[connection];
        self.input(core, Input::Received { session, bytes });
    }

    pub fn disconnect(&mut self, connection: usize) {
        let Connection { core, session, .. } = self.connections[connection];
        self.connections[connection].closed = Some(false);
        self.connections[connection].gone = true;
        self.input(core, Input::Disconnected { session });
        self.run();
    }

    /// Lets everything happen that can.
    pub fn run(&mut self) {
        while self.step() {}
    }

    fn step(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.workers.len() {
            while let Some(effect) = self.workers[index].next_effect() {
                any = true;
                self.perform(CoreId(index as u16), effect);
            }
        }
        any |= self.carry_mails();
        if !self.lanes_hold {
            any |= self.run_lanes();
        }
        any | self.drain_sockets()
    }

    fn carry_mails(&mut self) -> bool {
        let mut any = false;
        for from in 0..self.workers.len() {
            for to in 0..self.workers.len() {
                let (source, target) = (CoreId(from as u16), CoreId(to as u16));
                if self.full_mailboxes.contains(&target) {
                    continue;
                }
                while let Some(mail) = self.workers[from].next_mail(target) {
                    assert_ne!(from, to, "a worker keeps its own mail");
                    any = true;
                    self.mails += 1;
                    let mut bytes = Vec::new();
                    mail.encode(&mut bytes);
                    let mail = Mail::decode(bytes.into()).expect("what was encoded decodes");
                    self.input(target, Input::Mail { from: source, mail });
                }
            }
        }
        any
    }

    fn run_lanes(&mut self) -> bool {
        let batches = std::mem::take(&mut self.lanes);
        let any = !batches.is_empty();
        for (core, commands) in batches {
            let outcomes: Vec<Outcome> = commands
                .iter()
                .map(|command| self.store.run(command))
                .collect();
            // A lane may answer a batch in parts.
            let half = outcomes.len() / 2;
            let (first, second) = outcomes.split_at(half);
            for outcomes in [first.to_vec(), second.to_vec()] {
                self.input(core, Input::BatchAnswered { outcomes });
            }
        }
        any
    }

    fn drain_sockets(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.connections.len() {
            let connection = &mut self.connections[index];
            if connection.reads && connection.unread_bytes > 0 && connection.closed.is_none() {
                any = true;
                let sent_bytes = std::mem::take(&mut connection.unread_bytes);
                let (core, session) = (connection.core, connection.session);
                self.input(
                    core,
                    Input::Progress {
                        session,
                        sent_bytes,
                    },
                );
            }
        }
        any
    }

    fn connection(&mut self, core: CoreId, session: SessionId) -> &mut Connection {
        let mut connections = self.connections.iter_mut();
        let found = connections.find(|c| c.core == core && c.session == session);
        let connection = found.expect("effects name connections");
        let is_known = connection.closed.is_none() || connection.gone;
        assert!(is_known, "no effect after the close");
        connection
    }

    fn perform(&mut self, core: CoreId, effect: Effect) {
        match effect {
            Effect::Write { session, frame } => {
                let connection = self.connection(core, session);
                let Ok(Split::Frame { frame, rest, .. }) = split(frame.as_slice()) else {
                    panic!("a write is a whole frame");
                };
                assert!(rest.is_empty(), "and only one");
                connection.unread_bytes += frame.len();
                connection.inbox.push_back(frame.to_vec());
            }
            Effect::Close { session, flush } => {
                self.connection(core, session).closed = Some(flush);
            }
            Effect::PauseReceiving { session } => self.connection(core, session).paused = true,
            Effect::ResumeReceiving { session } => self.connection(core, session).paused = false,
            Effect::Submit { commands } => {
                assert!(!commands.is_empty());
                let older = self.lanes.insert(core, commands);
                assert_eq!(older, None, "one batch of a lane is in flight");
            }
            Effect::AdminAnswer { ticket, answer } => {
                self.admin_answers.push(format!("{ticket} {answer:?}"));
            }
            Effect::Event(event) => self.events.push(event),
        }
    }

    pub fn set_lanes(&mut self, state: LaneState) {
        for core in 0..self.workers.len() {
            self.input(CoreId(core as u16), Input::Lane(state));
        }
        self.run();
    }

    /// Moves the clocks on, with every deadline on the way taken at its time.
    pub fn wait_ms(&mut self, ms: u64) {
        let end_us = self.now.ticks_us + ms * 1_000;
        loop {
            let deadlines = self.workers.iter().filter_map(Worker::next_deadline);
            let next_us = deadlines
                .min()
                .unwrap_or(u64::MAX)
                .clamp(self.now.ticks_us, end_us);
            let passed_us = next_us - self.now.ticks_us;
            self.now.clock_ms += (passed_us + self.now.ticks_us % 1_000) / 1_000;
            self.now.ticks_us = next_us;
            for worker in &mut self.workers {
                let due = worker.next_deadline().is_some_and(|due| due <= next_us);
                if due {
                    worker.timeout(self.now);
                    let next = worker.next_deadline();
                    assert!(
                        next.is_none_or(|next| next > next_us),
                        "a timeout makes headway"
                    );
                }
            }
            self.run();
            if next_us == end_us {
                return;
            }
        }
    }

    /// The kinds of the frames that came to a client.
    pub fn kinds(&self, connection: usize) -> Vec<FrameKind> {
        let frames = self.connections[connection].inbox.iter();
        frames
            .map(|frame| FrameKind::from_wire(frame[4]).expect("known"))
            .collect()
    }

    /// Nothing is left anywhere: no session, no request, no mail.
    pub fn assert_idle(&self) {
        for worker in &self.workers {
            let summary = worker.summary();
            let expected = ringpost_gateway_core::Summary {
                draining: summary.draining,
                peers: summary.peers,
                ..Default::default()
            };
            assert_eq!(summary, expected);
        }
    }
}
