//! An attempt at a batch: the commands at the front of the queue, run on what is fetched until nothing is missing.
//!
//! Deciding is pure, so an attempt is made again from the start whenever rows are added. It is given up when its version is.

use ringpost_wire::ErrorCode;

use super::event::{LaneEffect, Ticket, UnavailableReason};
use super::fetched::{Fetched, View, take_answers};
use super::machine::{Lane, Phase};
use super::own_range::home_of_range;
use super::own_rows::only;
use super::transaction::{ReadAnswer, StoreFault};
use crate::batch::{self, Executed, Unexecuted};
use crate::command::Command;
use crate::key;
use crate::outcome::Outcome;
use crate::store::{KeyRange, Read, Write};

/// The commands of a batch and what is fetched for them.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Commands at the front of the queue that the batch answers, if it gets as far.
    total: usize,
    /// Those whose shards are held, and their places among all.
    runnable: Vec<Command>,
    places: Vec<usize>,
    fetched: Fetched,
    /// The reads known beforehand were asked for.
    is_prefetched: bool,
}

/// A batch as decided: what is committed and, when it is known to be, answered.
#[derive(Debug)]
pub(super) struct Decided {
    /// Its number, never used before in this incarnation.
    pub(super) number: u64,
    /// Commands at the front of the queue that it answers.
    pub(super) commands: usize,
    /// One outcome a command.
    pub(super) outcomes: Vec<Outcome>,
    /// The writes of its commands.
    pub(super) writes: Vec<Write>,
}

impl Lane {
    /// Runs the attempt as far as what is fetched allows.
    pub(super) fn run_batch(&mut self) {
        let mut attempt = match self.attempt.take() {
            Some(attempt) => attempt,
            None => self.begin_attempt(),
        };
        if !attempt.is_prefetched {
            attempt.is_prefetched = true;
            let reads = batch::prefetch(&attempt.runnable);
            let missing = attempt.fetched.missing(&reads, &self.cache);
            if !missing.is_empty() {
                return self.ask_rows(attempt, missing);
            }
        }
        let view = View {
            cache: &self.cache,
            fetched: &attempt.fetched,
        };
        match batch::execute(&attempt.runnable, &view, &self.config.rules) {
            Ok(executed) => self.decide(attempt, executed),
            Err(Unexecuted::Damaged(_)) => self.end(UnavailableReason::DamagedRow),
            Err(Unexecuted::NotFetched(reads)) => {
                let missing = attempt.fetched.missing(&reads, &self.cache);
                assert!(!missing.is_empty(), "a batch asks for what it has");
                self.counters.refetches += 1;
                self.ask_rows(attempt, missing);
            }
        }
    }

    fn begin_attempt(&mut self) -> Attempt {
        self.cache.bound();
        let total = self.queue.len().min(self.commands_max);
        let front = self.queue.iter().take(total).enumerate();
        let held = front.filter(|(_, command)| self.shards.is_held(command.home()));
        let (places, runnable) = held
            .map(|(place, command)| (place, command.clone()))
            .unzip();
        Attempt {
            total,
            runnable,
            places,
            fetched: Fetched::default(),
            is_prefetched: false,
        }
    }

    fn ask_rows(&mut self, attempt: Attempt, missing: Vec<(Read, Read)>) {
        // A step runs a batch on a fresh proof only.
        let proof = self.proof.expect("there is a proof");
        let ticket = self.ticket();
        let reads = missing.iter().map(|(_, rest)| *rest).collect();
        self.attempt = Some(attempt);
        self.phase = Phase::Rows {
            ticket,
            asked: missing,
        };
        self.effects.push_back(LaneEffect::Read {
            ticket,
            version: proof.read_version,
            reads,
        });
    }

    pub(super) fn take_rows(
        &mut self,
        ticket: Ticket,
        results: Result<Vec<ReadAnswer>, StoreFault>,
    ) {
        let expected = match &self.phase {
            Phase::Fences { ticket, .. } | Phase::Rows { ticket, .. } => *ticket,
            _ => return,
        };
        if ticket != expected {
            return;
        }
        let phase = core::mem::replace(&mut self.phase, Phase::Idle);
        match (phase, results) {
            (_, Err(fault)) => self.take_fault(fault),
            (Phase::Fences { proof, staked, .. }, Ok(answers)) => {
                self.take_fences(proof, &staked, &answers);
            }
            (Phase::Rows { asked, .. }, Ok(answers)) => self.keep_rows(&asked, answers),
            _ => {}
        }
    }

    /// Own rows are kept as long as their shard is held, foreign ones for this attempt only.
    fn keep_rows(&mut self, asked: &[(Read, Read)], answers: Vec<ReadAnswer>) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        let (shards, cache) = (&self.shards, &mut self.cache);
        take_answers(asked, answers, &mut attempt.fetched, |key, value| {
            let is_own = key::home(&key).is_some_and(|home| shards.is_held(home));
            if is_own {
                cache.put(key, value.clone());
            }
            is_own
        });
    }

    fn decide(&mut self, attempt: Attempt, executed: Executed) {
        let is_whole = executed.outcomes.len() == attempt.runnable.len();
        let commands = if is_whole {
            attempt.total
        } else {
            attempt.places[executed.outcomes.len()]
        };
        let foreign = self.foreign_ranges(&executed.reads);
        let mut run = attempt.places.iter().zip(executed.outcomes).peekable();
        let outcomes: Vec<Outcome> = self
            .queue
            .iter()
            .take(commands)
            .enumerate()
            .map(|(place, command)| {
                let own = run.next_if(|(at, _)| **at == place);
                own.map_or_else(
                    || command.refused(ErrorCode::Unavailable),
                    |(_, outcome)| outcome,
                )
            })
            .collect();
        if !cfg!(planted = "batch_number_reused") || self.batches_sent == 0 {
            self.batches_sent += 1;
        }
        let mut decided = Decided {
            number: self.batches_sent,
            commands,
            outcomes,
            writes: executed.writes,
        };
        if cfg!(planted = "reads_unproven") && decided.writes.is_empty() {
            return self.answer(&mut decided);
        }
        self.send_batch(decided, foreign);
    }

    /// The ranges that no fence of ours protects.
    fn foreign_ranges(&self, reads: &[Read]) -> Vec<KeyRange> {
        let mut ranges: Vec<KeyRange> = reads
            .iter()
            .filter_map(|read| {
                let (home, range) = match read {
                    Read::Get(key) => (key::home(key), only(*key)),
                    Read::Range { range, .. } => (home_of_range(range), *range),
                };
                let is_own = home.is_some_and(|home| self.shards.is_held(home));
                (!is_own).then_some(range)
            })
            .collect();
        ranges.sort_unstable();
        ranges.dedup();
        ranges
    }
}
