//! Random runs of two clients against the model: losses, restarts, power losses, old copies, load, pushes left out.
//!
//! At the end, with faults stopped, everything accepted is in the log once, and each application has the other's messages
//! in order, each once.

use std::collections::BTreeSet;

use bytes::Bytes;
use proptest::prelude::*;
use ringpost_wire::{ContentClass, Seq};

use super::model::Server;
use super::rig::CHAT;
use crate::random::Random;
use crate::{ConnectionState, Effect, Input, Machine, Options, Outgoing, State};

/// An application with its SDK.
struct Client {
    machine: Machine,
    /// Every record given to `Persist`: survives a stop of the process.
    written: State,
    /// As much as was durable at the last `Transmit` or `Accepted`: survives a loss of power.
    synced: State,
    copy: State,
    received: Vec<Seq>,
    /// How many of `received` the application has kept.
    kept: usize,
    accepted: Vec<u64>,
    /// Repeats of what is kept are allowed: power was lost, or the state is from an old copy.
    may_repeat: bool,
}

struct Run {
    random: Random,
    server: Server,
    clients: [Client; 2],
    now_ms: u64,
    last_id: u64,
}

fn machine(state: State, seed: u64) -> Machine {
    let options = Options {
        seed,
        token: Some("token".to_owned()),
        ..Options::default()
    };
    Machine::new(options, state)
}

impl Client {
    fn new(seed: u64) -> Self {
        Self {
            machine: machine(State::default(), seed),
            written: State::default(),
            synced: State::default(),
            copy: State::default(),
            received: Vec::new(),
            kept: 0,
            accepted: Vec::new(),
            may_repeat: false,
        }
    }

    fn delivered(&mut self, seq: Seq) {
        if self.may_repeat && self.received[..self.kept].contains(&seq) {
            return;
        }
        let last = self.received.last().copied().unwrap_or(0);
        assert!(seq > last, "{seq} after {last}");
        self.received.push(seq);
    }
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut run = Self {
            random: Random::new(seed),
            server: Server::new(),
            clients: [Client::new(seed), Client::new(seed ^ 1)],
            now_ms: 1,
            last_id: 0,
        };
        for client in 0..2 {
            run.input(client, Input::Connect);
        }
        run
    }

    fn input(&mut self, client: usize, input: Input<'_>) {
        self.clients[client].machine.input(self.now_ms, input);
        self.effects(client);
    }

    fn effects(&mut self, client: usize) {
        while let Some(effect) = self.clients[client].machine.next_effect() {
            let side = &mut self.clients[client];
            match effect {
                Effect::Persist(record) => side.written.apply(&record).expect("it fits"),
                Effect::Transmit { bytes } => {
                    side.synced = side.written.clone();
                    self.server.wires[client]
                        .to_server
                        .push_back(bytes.to_vec());
                }
                Effect::Accepted { message_id, .. } => {
                    side.synced = side.written.clone();
                    side.accepted.push(message_id);
                }
                Effect::Dial { .. } => {
                    self.server.cut(client);
                    side.machine.input(self.now_ms, Input::Opened);
                }
                Effect::Hangup => self.server.cut(client),
                Effect::Deliver(message) => side.delivered(message.seq),
                Effect::Sent {
                    message_id, seq, ..
                } => {
                    let stored = &self.server.log[seq as usize - 1];
                    assert_eq!((stored.sender, stored.id), (client, message_id));
                }
                Effect::Refused { .. } | Effect::Undetermined { .. } | Effect::Empty { .. } => {
                    panic!("nothing is refused for good or trimmed here: {effect:?}");
                }
                _ => {}
            }
        }
    }

    fn restart(&mut self, client: usize, state: State) {
        self.server.cut(client);
        let side = &mut self.clients[client];
        side.received.truncate(side.kept);
        side.written = state.clone();
        side.synced = state.clone();
        side.machine = machine(state, self.now_ms);
        self.input(client, Input::Connect);
    }

    fn send(&mut self, client: usize) {
        self.last_id += 1;
        let message = Outgoing {
            chat: CHAT,
            message_id: self.last_id,
            payload: Bytes::copy_from_slice(&self.last_id.to_le_bytes()),
            content_class: ContentClass::Visible,
            device_epoch: 0,
        };
        self.input(client, Input::Send(message));
    }

    fn confirm(&mut self, client: usize) {
        let side = &mut self.clients[client];
        let open = side.received.len() - side.kept;
        side.kept += match open {
            0 => 0,
            _ => 1 + self.random.up_to(open as u64 - 1) as usize,
        };
        // Repeats of what was kept before are confirmed again.
        let Some(seq) = side.received[..side.kept].last().copied() else {
            return;
        };
        self.input(client, Input::Confirm { chat: CHAT, seq });
    }

    fn carry(&mut self, client: usize) {
        if self.random.up_to(1) == 0 {
            self.server.step(client);
        } else if let Some(bytes) = self.server.wires[client].to_client.pop_front() {
            self.input(client, Input::Received { bytes: &bytes });
        }
    }

    fn wait(&mut self) {
        let deadlines = self.clients.iter();
        let next = deadlines
            .filter_map(|side| side.machine.next_deadline())
            .min();
        if let Some(at_ms) = next {
            self.now_ms = self.now_ms.max(at_ms);
        }
        for client in 0..2 {
            self.clients[client].machine.timeout(self.now_ms);
            self.effects(client);
        }
    }

    fn fault(&mut self, client: usize, uses_old_copies: bool) {
        match self.random.up_to(5) {
            0 => {
                self.server.cut(client);
                self.input(client, Input::Closed);
            }
            1 => {
                let state = self.clients[client].written.clone();
                self.restart(client, state);
            }
            2 => {
                let state = self.clients[client].synced.clone();
                self.clients[client].may_repeat = true;
                self.restart(client, state);
            }
            3 => self.server.sheds = true,
            4 => self.server.skips = true,
            _ if uses_old_copies => self.old_copy(client),
            _ => {}
        }
    }

    /// Takes a copy of the state, or goes back to it: what was accepted since is forgotten unless it is stored.
    fn old_copy(&mut self, client: usize) {
        let side = &mut self.clients[client];
        if self.random.up_to(1) == 0 {
            side.copy = side.written.clone();
            return;
        }
        let kept: BTreeSet<u64> = side
            .copy
            .outbox(CHAT)
            .map(|entry| entry.message_id)
            .collect();
        let stored: BTreeSet<u64> = self.server.log.iter().map(|stored| stored.id).collect();
        side.accepted
            .retain(|id| kept.contains(id) || stored.contains(id));
        side.may_repeat = true;
        let copy = side.copy.clone();
        self.restart(client, copy);
    }

    fn step(&mut self, uses_old_copies: bool) {
        let client = self.random.up_to(1) as usize;
        match self.random.up_to(99) {
            0..=64 => self.carry(client),
            65..=76 => self.send(client),
            77..=86 => self.confirm(client),
            87..=96 => self.wait(),
            _ => self.fault(client, uses_old_copies),
        }
    }

    fn is_quiet(&self) -> bool {
        let is_done = |side: &Client| {
            side.machine.connection() == ConnectionState::Live
                && side.machine.is_caught_up()
                && side.machine.state().outbox_messages() == 0
                && side.kept == side.received.len()
        };
        self.clients.iter().all(is_done) && self.is_empty(0) && self.is_empty(1)
    }

    fn is_empty(&self, client: usize) -> bool {
        let wire = &self.server.wires[client];
        wire.to_client.is_empty() && wire.to_server.is_empty()
    }

    fn settle(&mut self) {
        self.server.sheds = false;
        self.server.skips = false;
        let mut quiet = 0;
        for _ in 0..2_000 {
            for client in 0..2 {
                while !self.is_empty(client) {
                    self.carry(client);
                }
                self.confirm(client);
            }
            if self.is_quiet() {
                quiet += 1;
            } else {
                quiet = 0;
            }
            if quiet > 20 {
                return;
            }
            self.wait();
        }
        panic!("the run does not come to rest");
    }

    fn check(&self) {
        let mut ids = BTreeSet::new();
        for stored in &self.server.log {
            assert!(ids.insert(stored.id), "{} is stored twice", stored.id);
        }
        for (client, side) in self.clients.iter().enumerate() {
            for id in &side.accepted {
                assert!(ids.contains(id), "{id} was accepted and is lost");
            }
            let order = self.server.log.iter().map(|stored| stored.id);
            let order: Vec<u64> = order.filter(|id| side.accepted.contains(id)).collect();
            assert_eq!(order, side.accepted, "the order of client {client}");
            let log = self.server.log.iter().zip(1..);
            let theirs: Vec<Seq> = log
                .filter(|(stored, _)| stored.sender != client)
                .map(|(_, seq)| seq)
                .collect();
            assert_eq!(side.received, theirs, "what client {client} received");
        }
    }
}

fn run(seed: u64, uses_old_copies: bool) -> Run {
    let mut run = Run::new(seed);
    for _ in 0..600 {
        run.step(uses_old_copies);
    }
    run.settle();
    run.check();
    run
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_repeated_or_out_of_order(seed in any::<u64>()) {
        run(seed, false);
    }

    #[test]
    fn states_from_old_copies_lose_and_repeat_nothing_that_is_stored(seed in any::<u64>()) {
        run(seed, true);
    }
}

#[test]
fn old_copies_lead_to_reused_numbers() {
    let reused: usize = (0..50).map(|seed| run(seed, true).server.reused).sum();
    assert!(reused > 50, "only {reused} numbers were reused");
}

#[test]
fn a_seed_run_twice_agrees() {
    for seed in 0..10 {
        let logs = [run(seed, true), run(seed, true)].map(|run| format!("{:?}", run.server.log));
        assert_eq!(logs[0], logs[1]);
    }
}
