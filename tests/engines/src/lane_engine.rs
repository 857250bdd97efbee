//! The in-memory engine behind its lane, driven on the spot: every request is answered at once, by the engine's faults.

use std::collections::BTreeSet;

use ringpost_storage_core::lane::{
    Lane, LaneConfig, LaneEffect, LaneInput, LaneState, Ticket, Version,
};
use ringpost_storage_core::memory::{Fault, FaultRates, MemoryStore};
use ringpost_storage_core::store::{Key, KeyRange, Read, Row};
use ringpost_storage_core::{Command, Outcome, Rules};
use ringpost_wire::ShardId;

use crate::Engine;
use crate::unavailable::run_before_unavailable;

/// Turns of the clock after which a lane that has not answered never will.
const TURNS_MAX: u32 = 100_000;

/// A store, and the lane that is home of every shard that a command named.
#[derive(Debug)]
pub struct LaneEngine {
    store: MemoryStore,
    lane: Lane,
    rules: Rules,
    homes: BTreeSet<ShardId>,
    incarnation: u64,
    now_ms: u64,
    answered: Vec<Outcome>,
}

impl LaneEngine {
    /// A store without faults.
    pub fn calm(rules: Rules) -> Self {
        Self::new(rules, 0, FaultRates::NONE)
    }

    /// A store with every fault, by `seed`.
    pub fn stormy(rules: Rules, seed: u64) -> Self {
        Self::new(rules, seed, FaultRates::STORMY)
    }

    fn new(rules: Rules, seed: u64, rates: FaultRates) -> Self {
        Self {
            store: MemoryStore::new(seed, rates),
            lane: lane(rules, 1, BTreeSet::new()),
            rules,
            homes: BTreeSet::new(),
            incarnation: 1,
            now_ms: 1_000,
            answered: Vec::new(),
        }
    }

    /// All rows, those of the lane too.
    pub fn rows(&self) -> Vec<Row> {
        let all = KeyRange {
            begin: Key::of(&[]),
            end: Key::of(&[&[0xff]]),
        };
        self.store.scan(&all)
    }

    /// How often `fault` took place.
    pub fn count(&self, fault: Fault) -> u64 {
        self.store.count(fault)
    }

    /// Makes the lane home of the shards of `commands` too.
    fn move_in(&mut self, commands: &[Command]) {
        let known = self.homes.len();
        self.homes.extend(commands.iter().map(Command::home));
        if self.homes.len() > known {
            self.lane.set_homes(self.homes.clone(), self.now_ms);
            self.settle();
        }
    }

    /// Goes on until the lane holds all its shards.
    fn settle(&mut self) {
        self.lane.timeout(self.now_ms);
        self.go_on_until(|engine| engine.lane.held_shards().len() == engine.homes.len());
        assert_eq!(self.lane.state(), LaneState::Ready);
    }

    fn go_on_until(&mut self, is_done: impl Fn(&Self) -> bool) {
        for _ in 0..TURNS_MAX {
            while let Some(effect) = self.lane.next_effect() {
                self.perform(effect);
            }
            if is_done(self) {
                return;
            }
            let due_ms = self.lane.next_deadline().unwrap_or(self.now_ms);
            self.now_ms = due_ms.max(self.now_ms + MemoryStore::BATCH_MS);
            self.lane.timeout(self.now_ms);
        }
        panic!("the lane does not come to an end: {:?}", self.lane.state());
    }

    fn perform(&mut self, effect: LaneEffect) {
        let input = match effect {
            LaneEffect::GetReadVersion { ticket } => LaneInput::ReadVersion {
                ticket,
                result: self.store.read_version(self.now_ms),
            },
            LaneEffect::Read {
                ticket,
                version,
                reads,
            } => self.read(ticket, version, &reads),
            LaneEffect::Commit { ticket, request } => {
                let result = self.store.commit(request, self.now_ms);
                self.now_ms += MemoryStore::BATCH_MS;
                LaneInput::Committed { ticket, result }
            }
            LaneEffect::Answer { outcomes } => {
                self.answered.extend(outcomes);
                return;
            }
            LaneEffect::State(_) => return,
        };
        self.lane.input(input, self.now_ms);
    }

    fn read(&mut self, ticket: Ticket, version: Version, reads: &[Read]) -> LaneInput {
        let now_ms = self.now_ms;
        let answers = reads
            .iter()
            .map(|read| self.store.read(version, read, now_ms));
        LaneInput::Rows {
            ticket,
            results: answers.collect(),
        }
    }
}

fn lane(rules: Rules, incarnation: u64, homes: BTreeSet<ShardId>) -> Lane {
    Lane::new(LaneConfig {
        node: 1,
        lane: 0,
        incarnation,
        homes,
        rules,
        cache_bytes_max: 1 << 20,
    })
}

impl Engine for LaneEngine {
    fn run(&mut self, commands: Vec<Command>) -> Vec<Outcome> {
        assert!(
            commands.len() <= self.lane.room(),
            "the suite's batches are small"
        );
        self.move_in(&commands);
        let mut outcomes = Vec::with_capacity(commands.len());
        while outcomes.len() < commands.len() {
            self.go_on_until(|engine| engine.lane.state() == LaneState::Ready);
            let rest = commands[outcomes.len()..].to_vec();
            let count = rest.len();
            self.lane.input(LaneInput::Submit(rest), self.now_ms);
            self.go_on_until(|engine| engine.answered.len() == count);
            self.answered
                .truncate(run_before_unavailable(&self.answered));
            outcomes.append(&mut self.answered);
        }
        assert_eq!(self.store.inserts_over_rows(), 0);
        outcomes
    }

    fn restart(&mut self) {
        self.incarnation += 1;
        self.now_ms += 10_000;
        self.lane = lane(self.rules, self.incarnation, self.homes.clone());
        self.settle();
    }
}
