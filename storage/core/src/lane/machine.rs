//! A lane: runs commands in batches over an asynchronous store, one commit in flight, under the fences of its shards.
//!
//! Inputs are commands and the store's answers; effects are requests to the store and outcomes. Invariant: what is
//! answered was committed by a transaction that conflicts with every claim of a shard that the lane believed to hold.

use std::collections::VecDeque;

use ringpost_wire::{ErrorCode, ShardId};

use super::attempt::{Attempt, Decided};
use super::backoff::Backoff;
use super::config::LaneConfig;
use super::event::{LaneCounters, LaneEffect, LaneInput, LaneState, Ticket, UnavailableReason};
use super::own_rows::OwnRows;
use super::row_cache::RowCache;
use super::shards::{Shards, Standing};
use super::transaction::{StoreFault, Version};
use crate::command::Command;
use crate::limits::{BATCH_COMMANDS_MAX, VERSION_AGE_MS_MAX};
use crate::row::LaneRecord;
use crate::store::Read;

/// The record before a lane's first claim.
pub(super) const NO_RECORD: LaneRecord = LaneRecord {
    incarnation: 0,
    last_batch: 0,
    settling: 0,
};

/// What is in flight, beside the permit.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing.
    Idle,
    /// A read version, to be proven by reading the fences at it.
    Version { ticket: Ticket, asked_ms: u64 },
    /// The lane's record and the fences of `staked` shards.
    Fences {
        ticket: Ticket,
        proof: Proof,
        staked: Vec<(ShardId, u64)>,
    },
    /// Rows for the attempt: what is asked, and which read each serves.
    Rows {
        ticket: Ticket,
        asked: Vec<(Read, Read)>,
    },
    /// The commit of a claim.
    Claim {
        ticket: Ticket,
        shards: Vec<ShardId>,
    },
    /// The commit of a batch.
    Batch {
        ticket: Ticket,
        decided: Decided,
        sent_ms: u64,
    },
    /// The commit of a settling.
    Settling { ticket: Ticket },
}

/// A version up to which all held fences, and so all kept rows, are known to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// Rows are read at it.
    pub(super) read_version: Version,
    /// Conflicts are checked from it. One less than the version of a commit: commits behind ours at the same version
    /// are no conflict from that version on.
    pub(super) conflict_version: Version,
    /// When it was asked for: it is not older than that.
    pub(super) since_ms: u64,
}

/// Leave to send the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permit {
    Granted,
    Asked(Ticket),
    Refused,
}

/// A commit of unknown result.
#[derive(Debug)]
pub(super) enum Doubt {
    Claim,
    Batch(Decided),
}

/// The lane.
#[derive(Debug)]
pub struct Lane {
    pub(super) config: LaneConfig,
    pub(super) own: OwnRows,
    pub(super) now_ms: u64,
    pub(super) phase: Phase,
    pub(super) permit: Permit,
    pub(super) proof: Option<Proof>,
    pub(super) doubt: Option<Doubt>,
    /// The record as read beside the proof; what a settling keeps.
    pub(super) record: LaneRecord,
    pub(super) shards: Shards,
    pub(super) cache: RowCache,
    pub(super) queue: VecDeque<Command>,
    pub(super) attempt: Option<Attempt>,
    pub(super) commands_max: usize,
    pub(super) effects: VecDeque<LaneEffect>,
    tickets: u64,
    pub(super) batches_sent: u64,
    pub(super) claims_sent: u64,
    /// The last batch known to have taken effect.
    pub(super) last_batch: u64,
    pub(super) settlings_sent: u64,
    /// Whether anything was ever sent that could have written the record.
    pub(super) has_begun: bool,
    pub(super) backoff: Backoff,
    pub(super) state: LaneState,
    pub(super) counters: LaneCounters,
}

impl Lane {
    /// A lane that holds nothing yet. It first asks the store for a read version, on the first input or timeout.
    pub fn new(config: LaneConfig) -> Self {
        let salt = (u64::from(config.node) << 16 | u64::from(config.lane))
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 7;
        Self {
            own: OwnRows::new(&config),
            now_ms: 0,
            phase: Phase::Idle,
            permit: Permit::Granted,
            proof: None,
            doubt: None,
            record: NO_RECORD,
            shards: Shards::new(&config.homes, salt),
            cache: RowCache::new(config.cache_bytes_max),
            queue: VecDeque::new(),
            attempt: None,
            commands_max: BATCH_COMMANDS_MAX,
            effects: VecDeque::new(),
            tickets: 0,
            batches_sent: 0,
            claims_sent: 0,
            last_batch: 0,
            settlings_sent: 0,
            has_begun: false,
            backoff: Backoff::default(),
            state: LaneState::Ready,
            counters: LaneCounters::default(),
            config,
        }
    }

    /// Takes an input. An answer whose ticket is no longer waited for is ignored.
    pub fn input(&mut self, input: LaneInput, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        match input {
            LaneInput::Submit(commands) => {
                assert!(
                    commands.len() <= self.room(),
                    "more than the lane has room for"
                );
                self.queue.extend(commands);
            }
            LaneInput::ReadVersion { ticket, result } => self.take_version(ticket, result),
            LaneInput::Rows { ticket, results } => self.take_rows(ticket, results),
            LaneInput::Committed { ticket, result } => self.take_commit(ticket, result),
        }
        self.step();
    }

    /// Takes the time.
    pub fn timeout(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        self.step();
    }

    /// The next thing to do, if any.
    pub fn next_effect(&mut self) -> Option<LaneEffect> {
        self.effects.pop_front()
    }

    /// When `timeout` is due, in milliseconds; `None` while the lane waits for an input only.
    pub fn next_deadline(&self) -> Option<u64> {
        if !matches!(self.phase, Phase::Idle) || self.is_over() {
            return None;
        }
        if cfg!(planted = "wakeup_lost") && self.now_ms < self.backoff.until_ms() {
            return None;
        }
        let is_busy = self.doubt.is_some() || !self.queue.is_empty();
        let work_ms = (is_busy || self.state != LaneState::Ready).then_some(self.now_ms);
        let due_ms = [work_ms, self.shards.next_due_ms()]
            .into_iter()
            .flatten()
            .min()?;
        let due_ms = due_ms.max(self.backoff.until_ms());
        let waits_for_permit = matches!(self.permit, Permit::Asked(_)) && due_ms <= self.now_ms;
        (!waits_for_permit).then_some(due_ms)
    }

    /// How many commands it takes now.
    pub fn room(&self) -> usize {
        (2 * BATCH_COMMANDS_MAX).saturating_sub(self.queue.len())
    }

    /// Whether it can work.
    pub fn state(&self) -> LaneState {
        self.state
    }

    /// The shards that it believes to hold, ascending.
    pub fn held_shards(&self) -> Vec<ShardId> {
        self.shards.held().collect()
    }

    /// What it has done.
    pub fn counters(&self) -> LaneCounters {
        self.counters
    }

    /// Changes the shards that it is home of. Those that are gone are no longer held, and their commands refused.
    pub fn set_homes(&mut self, homes: std::collections::BTreeSet<ShardId>, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        let gone = self.shards.set_homes(&homes, self.now_ms);
        self.cache.forget(&gone);
        self.attempt = None;
        if let Phase::Rows { .. } = self.phase {
            self.phase = Phase::Idle;
        }
        self.config.homes = homes;
        self.step();
    }

    /// Goes as far as is possible without an answer.
    fn step(&mut self) {
        while matches!(self.phase, Phase::Idle) {
            self.refuse_front();
            let is_waiting = self.now_ms < self.backoff.until_ms();
            if is_waiting || self.is_over() || !self.has_work() {
                return;
            }
            if self.permit == Permit::Refused {
                self.permit = Permit::Granted;
                self.doubt_proof();
            }
            if !self.is_proof_fresh() {
                return self.ask_version();
            }
            if self.doubt.is_some() {
                return self.send_settling();
            }
            if self.permit != Permit::Granted {
                return;
            }
            let due = self.shards.due(self.now_ms);
            if due.is_empty() {
                self.run_batch();
            } else {
                self.send_claim(due);
            }
        }
    }

    fn has_work(&self) -> bool {
        self.doubt.is_some()
            || !self.queue.is_empty()
            || self.state != LaneState::Ready
            || !self.shards.due(self.now_ms).is_empty()
    }

    pub(super) fn is_proof_fresh(&self) -> bool {
        self.proof
            .is_some_and(|proof| self.now_ms < proof.since_ms + VERSION_AGE_MS_MAX)
    }

    pub(super) fn is_over(&self) -> bool {
        match self.state {
            LaneState::Ready => false,
            LaneState::Unavailable { reason } => reason != UnavailableReason::Store,
        }
    }

    /// Refuses the commands at the front that cannot run soon, unless the batch before them is in doubt.
    fn refuse_front(&mut self) {
        if self.doubt.is_some() {
            return;
        }
        let refuses_all = self.state != LaneState::Ready;
        let mut outcomes = Vec::new();
        while let Some(command) = self.queue.front() {
            if !refuses_all && self.shards.is_held_soon(command.home(), self.now_ms) {
                break;
            }
            outcomes.push(command.refused(ErrorCode::Unavailable));
            self.queue.pop_front();
        }
        if !outcomes.is_empty() {
            self.attempt = None;
            self.counters.refused += outcomes.len() as u64;
            self.effects.push_back(LaneEffect::Answer { outcomes });
        }
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Nothing is proven any more: the next step takes a new version.
    pub(super) fn doubt_proof(&mut self) {
        self.proof = None;
        self.attempt = None;
        self.phase = Phase::Idle;
    }

    /// The store refused, or could not be reached.
    pub(super) fn take_fault(&mut self, fault: StoreFault) {
        let retry_after_ms = match fault {
            StoreFault::Throttled { retry_after_ms } => retry_after_ms,
            StoreFault::TooOld | StoreFault::Unavailable => 0,
        };
        self.doubt_proof();
        self.note_failure(retry_after_ms);
    }

    /// As `take_fault`, while something else is in flight.
    pub(super) fn note_failure(&mut self, retry_after_ms: u64) {
        self.backoff.fail(self.now_ms, retry_after_ms);
        if self.backoff.is_hopeless() {
            self.set_state(LaneState::Unavailable {
                reason: UnavailableReason::Store,
            });
        }
    }

    /// Tells a change of state. The end of a lane is final.
    pub(super) fn set_state(&mut self, state: LaneState) {
        if self.state != state && !self.is_over() {
            self.state = state;
            self.effects.push_back(LaneEffect::State(state));
        }
    }

    /// Drops shards that are not ours, with everything known of them.
    pub(super) fn drop_shards(&mut self, lost: &[ShardId]) {
        for shard in lost {
            if let Some(Standing::Held { .. }) = self.shards.standing(*shard) {
                self.counters.shards_lost += 1;
            }
            self.shards.lose(*shard, self.now_ms);
        }
        if !cfg!(planted = "head_kept_after_claim") {
            self.cache.forget(lost);
        }
    }
}
