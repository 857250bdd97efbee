//! The in-memory engine: read versions, reads at a version, and commits with optimistic conflict checks and faults.
//!
//! Time is an argument and never runs back. Versions advance by 1,000 a millisecond; five seconds of history are kept.
//! A commit is durable when `commit` returns; an answer may leave `BATCH_MS` later at the earliest, as commits that arrive
//! within that time can share a version.

use std::collections::BTreeMap;

use super::dice::Dice;
use super::fault::{Fault, FaultCounts, FaultRates};
use super::versioned_rows::VersionedRows;
use crate::lane::{CommitAnswer, CommitRequest, ReadAnswer, StoreFault, Version};
use crate::limits::{
    KEY_BYTES_HARD_MAX, TRANSACTION_BYTES_HARD_MAX, TRANSACTION_MS_HARD_MAX, VALUE_BYTES_HARD_MAX,
};
use crate::store::{KeyRange, Read, Row, Write};

const VERSIONS_A_MS: u64 = 1_000;
const THROTTLE_MS_MAX: u64 = 200;

/// A commit of which nobody knows the result, to be tried at `due_ms`.
#[derive(Debug)]
struct LateCommit {
    due_ms: u64,
    request: CommitRequest,
}

/// The engine.
#[derive(Debug)]
pub struct MemoryStore {
    dice: Dice,
    rates: FaultRates,
    forced: BTreeMap<u64, Fault>,
    commits: u64,
    counts: FaultCounts,
    rows: VersionedRows,
    last: Version,
    /// The last commit while its version may still be shared, and when it arrived.
    open: Option<(Version, u64)>,
    late: Vec<LateCommit>,
    now_ms: u64,
    refusing_until_ms: u64,
    inserts_over_rows: u64,
}

impl MemoryStore {
    /// Commits that arrive within this time can share a version, in milliseconds; no answer may leave earlier.
    pub const BATCH_MS: u64 = 4;
    /// A late commit is tried within this time, in milliseconds.
    pub const LATE_MS_MAX: u64 = 1_500;

    /// An empty store with the faults of `seed`.
    pub fn new(seed: u64, rates: FaultRates) -> Self {
        Self {
            dice: Dice::new(seed),
            rates,
            forced: BTreeMap::new(),
            commits: 0,
            counts: FaultCounts::default(),
            rows: VersionedRows::default(),
            last: Version(0),
            open: None,
            late: Vec::new(),
            now_ms: 0,
            refusing_until_ms: 0,
            inserts_over_rows: 0,
        }
    }

    /// Changes the rates from here on.
    pub fn set_rates(&mut self, rates: FaultRates) {
        self.rates = rates;
    }

    /// Makes `fault` the fate of the `nth` commit from here, counted from 1. Fates of reads cannot be forced.
    pub fn force(&mut self, fault: Fault, nth: u64) {
        self.forced.insert(self.commits + nth, fault);
    }

    /// Refuses everything until `until_ms`: the store cannot be reached. A commit's result is unknown then, and it is lost.
    pub fn refuse_until(&mut self, until_ms: u64) {
        self.refusing_until_ms = until_ms;
    }

    /// How often `fault` took place.
    pub fn count(&self, fault: Fault) -> u64 {
        self.counts.of(fault)
    }

    /// How often a `Write::Insert` met a row that was there: more than 0 is a defect of the writer.
    pub fn inserts_over_rows(&self) -> u64 {
        self.inserts_over_rows
    }

    /// The latest rows of `range`, all of them, ascending: for checkers.
    pub fn scan(&self, range: &KeyRange) -> Vec<Row> {
        self.rows.range(range, self.last, u32::MAX, u32::MAX).rows
    }

    /// Moves time to `now_ms`: late commits that are due are tried, old history is forgotten.
    pub fn advance(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        while let Some(index) = self.next_late() {
            let late = self.late.remove(index);
            let fate = match self.check(&late.request) {
                Ok(()) => {
                    self.apply(&late.request, false);
                    Fault::LateLanded
                }
                Err(_) => Fault::LateDied,
            };
            self.counts.add(fate);
        }
        self.rows.forget(self.horizon());
    }

    /// When a late commit is tried next, in milliseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        self.late.iter().map(|late| late.due_ms).min()
    }

    fn next_late(&self) -> Option<usize> {
        let due = |late: &LateCommit| late.due_ms <= self.now_ms;
        let (index, _) = self
            .late
            .iter()
            .enumerate()
            .filter(|(_, late)| due(late))
            .min_by_key(|(_, late)| late.due_ms)?;
        Some(index)
    }

    /// A version at which everything committed so far is visible.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub fn read_version(&mut self, now_ms: u64) -> Result<Version, StoreFault> {
        self.advance(now_ms);
        self.reach()?;
        if self.fails(Fault::Throttled, self.rates.throttled) {
            let retry_after_ms = 1 + self.dice.below(THROTTLE_MS_MAX);
            return Err(StoreFault::Throttled { retry_after_ms });
        }
        self.last = self.last.max(self.clock());
        self.open = None;
        Ok(self.last)
    }

    /// The answer to `read` at `version`.
    ///
    /// # Errors
    /// `TooOld` or `Unavailable`.
    pub fn read(
        &mut self,
        version: Version,
        read: &Read,
        now_ms: u64,
    ) -> Result<ReadAnswer, StoreFault> {
        self.advance(now_ms);
        self.reach()?;
        assert!(version <= self.last, "a version is read that was not given");
        let is_old = version < self.horizon();
        if is_old || self.fails(Fault::ReadTooOld, self.rates.read_too_old) {
            return Err(StoreFault::TooOld);
        }
        if self.open.is_some_and(|(open, _)| open <= version) {
            self.open = None;
        }
        match read {
            Read::Get(key) => Ok(ReadAnswer::Value(self.rows.get(key, version))),
            Read::Range {
                range,
                rows_max,
                bytes_max,
            } => {
                let is_short = *rows_max > 1 && self.fails(Fault::ShortPage, self.rates.short_page);
                let rows_max = if is_short {
                    1 + self.dice.below(u64::from(*rows_max).min(8) - 1) as u32
                } else {
                    *rows_max
                };
                let rows = self.rows.range(range, version, rows_max, *bytes_max);
                Ok(ReadAnswer::Rows(rows))
            }
        }
    }

    /// Commits `request`, or not.
    pub fn commit(&mut self, request: CommitRequest, now_ms: u64) -> CommitAnswer {
        self.advance(now_ms);
        self.commits += 1;
        let forced = self.forced.remove(&self.commits);
        let by_chance = self.rates.roll_commit(&mut self.dice);
        let fate = if self.now_ms < self.refusing_until_ms {
            Some(Fault::UnknownLost)
        } else {
            forced.or(by_chance)
        };
        if is_too_large(&request) {
            return CommitAnswer::TooLarge;
        }
        if let Some(answer) = self.refuse(fate, &request) {
            return answer;
        }
        if let Err(answer) = self.check(&request) {
            if answer == CommitAnswer::Conflict {
                self.counts.add(Fault::TrueConflict);
            }
            return answer;
        }
        let may_share =
            fate == Some(Fault::SharedVersion) || self.dice.chance(self.rates.shared_version);
        let version = self.apply(&request, may_share);
        if fate == Some(Fault::UnknownApplied) {
            self.counts.add(Fault::UnknownApplied);
            return CommitAnswer::UnknownResult;
        }
        CommitAnswer::Committed { version }
    }

    /// The answer of a fate without effect now.
    fn refuse(&mut self, fate: Option<Fault>, request: &CommitRequest) -> Option<CommitAnswer> {
        let fate = fate?;
        let answer = match fate {
            Fault::Conflict => CommitAnswer::Conflict,
            Fault::CommitTooOld => CommitAnswer::TooOld,
            Fault::UnknownLost => CommitAnswer::UnknownResult,
            Fault::UnknownLate => {
                // Mostly soon: so late that another lane or a settling came before is the lesser danger.
                let is_soon = self.dice.chance(7_000);
                let within_ms = if is_soon { 20 } else { Self::LATE_MS_MAX };
                let due_ms = self.now_ms + 1 + self.dice.below(within_ms);
                self.late.push(LateCommit {
                    due_ms,
                    request: request.clone(),
                });
                CommitAnswer::UnknownResult
            }
            Fault::Throttled => CommitAnswer::Throttled {
                retry_after_ms: 1 + self.dice.below(THROTTLE_MS_MAX),
            },
            _ => return None,
        };
        self.counts.add(fate);
        Some(answer)
    }

    /// The rules of a commit: a version that is remembered, and no read conflict.
    fn check(&self, request: &CommitRequest) -> Result<(), CommitAnswer> {
        if request.read_version < self.horizon() {
            return Err(CommitAnswer::TooOld);
        }
        let is_written = |range: &KeyRange| self.rows.is_written_after(range, request.read_version);
        if request.read_conflicts.iter().any(is_written) {
            return Err(CommitAnswer::Conflict);
        }
        Ok(())
    }

    fn apply(&mut self, request: &CommitRequest, may_share: bool) -> Version {
        let next = Version(self.last.0 + 1).max(self.clock());
        let open = self.open.filter(|(version, arrived_ms)| {
            may_share
                && self.now_ms < arrived_ms + Self::BATCH_MS
                && request.read_version.0 + 1 < version.0
        });
        let version = match open {
            Some((version, _)) => {
                self.counts.add(Fault::SharedVersion);
                version
            }
            None => {
                self.open = Some((next, self.now_ms));
                next
            }
        };
        self.count_inserts_over_rows(&request.writes, version);
        self.rows.apply(&request.writes, version);
        self.last = version;
        version
    }

    fn count_inserts_over_rows(&mut self, writes: &[Write], version: Version) {
        for write in writes {
            if let Write::Insert(row) = write
                && self.rows.get(&row.key, version).is_some()
            {
                self.inserts_over_rows += 1;
            }
        }
    }

    fn reach(&mut self) -> Result<(), StoreFault> {
        let is_refused = self.now_ms < self.refusing_until_ms;
        if is_refused || self.fails(Fault::Unavailable, self.rates.unavailable) {
            return Err(StoreFault::Unavailable);
        }
        Ok(())
    }

    fn fails(&mut self, fault: Fault, rate: u16) -> bool {
        let fails = self.dice.chance(rate);
        if fails {
            self.counts.add(fault);
        }
        fails
    }

    fn clock(&self) -> Version {
        Version(self.now_ms * VERSIONS_A_MS)
    }

    /// Versions below this one are too old.
    fn horizon(&self) -> Version {
        let now = self.clock().max(self.last);
        Version(
            now.0
                .saturating_sub(TRANSACTION_MS_HARD_MAX * VERSIONS_A_MS),
        )
    }
}

fn is_too_large(request: &CommitRequest) -> bool {
    let is_over = |write: &Write| match write {
        Write::Insert(row) | Write::Set(row) => {
            row.key.as_slice().len() > KEY_BYTES_HARD_MAX || row.value.len() > VALUE_BYTES_HARD_MAX
        }
        Write::Clear(_) | Write::ClearRange(_) => false,
    };
    request.size_bytes() > TRANSACTION_BYTES_HARD_MAX || request.writes.iter().any(is_over)
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
