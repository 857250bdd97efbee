//! The faults of the in-memory engine: their names, their rates, and how often each took place.

use std::collections::BTreeMap;

use super::dice::Dice;

/// Something that the engine does by chance or on request, and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A commit is refused as a conflict that there was not.
    Conflict,
    /// A commit is refused as too old.
    CommitTooOld,
    /// A commit takes effect and its result is unknown.
    UnknownApplied,
    /// A commit has no effect and its result is unknown.
    UnknownLost,
    /// A commit's result is unknown; it is tried later, conflicts checked then.
    UnknownLate,
    /// A commit is refused for load.
    Throttled,
    /// A commit gets the version of the one before it, if nobody has seen that version yet.
    SharedVersion,
    /// A range is answered with fewer rows than asked for.
    ShortPage,
    /// A read is refused as too old.
    ReadTooOld,
    /// A read or a read version is refused because the store cannot be reached.
    Unavailable,
    /// Counted only: a commit that was to be tried later took effect.
    LateLanded,
    /// Counted only: a commit that was to be tried later was refused then.
    LateDied,
    /// Counted only: a commit was refused because of a write that there was.
    TrueConflict,
}

/// How often each fault is made, in parts of 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates {
    /// [`Fault::Conflict`].
    pub conflict: u16,
    /// [`Fault::CommitTooOld`].
    pub commit_too_old: u16,
    /// [`Fault::UnknownApplied`].
    pub unknown_applied: u16,
    /// [`Fault::UnknownLost`].
    pub unknown_lost: u16,
    /// [`Fault::UnknownLate`].
    pub unknown_late: u16,
    /// [`Fault::Throttled`].
    pub throttled: u16,
    /// [`Fault::SharedVersion`].
    pub shared_version: u16,
    /// [`Fault::ShortPage`].
    pub short_page: u16,
    /// [`Fault::ReadTooOld`].
    pub read_too_old: u16,
    /// [`Fault::Unavailable`].
    pub unavailable: u16,
}

impl FaultRates {
    /// No faults.
    pub const NONE: Self = Self {
        conflict: 0,
        commit_too_old: 0,
        unknown_applied: 0,
        unknown_lost: 0,
        unknown_late: 0,
        throttled: 0,
        shared_version: 0,
        short_page: 0,
        read_too_old: 0,
        unavailable: 0,
    };

    /// Every fault, often.
    pub const STORMY: Self = Self {
        conflict: 200,
        commit_too_old: 100,
        unknown_applied: 400,
        unknown_lost: 400,
        unknown_late: 600,
        throttled: 200,
        shared_version: 8_000,
        short_page: 2_000,
        read_too_old: 100,
        unavailable: 100,
    };

    /// The fate of a commit by chance, or none.
    pub(super) fn roll_commit(&self, dice: &mut Dice) -> Option<Fault> {
        let fates = [
            (Fault::Conflict, self.conflict),
            (Fault::CommitTooOld, self.commit_too_old),
            (Fault::UnknownApplied, self.unknown_applied),
            (Fault::UnknownLost, self.unknown_lost),
            (Fault::UnknownLate, self.unknown_late),
            (Fault::Throttled, self.throttled),
        ];
        let mut roll = dice.below(10_000);
        for (fault, rate) in fates {
            if roll < u64::from(rate) {
                return Some(fault);
            }
            roll -= u64::from(rate);
        }
        None
    }
}

/// How often each fault took place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FaultCounts(BTreeMap<Fault, u64>);

impl FaultCounts {
    pub(super) fn add(&mut self, fault: Fault) {
        *self.0.entry(fault).or_default() += 1;
    }

    pub(super) fn of(&self, fault: Fault) -> u64 {
        self.0.get(&fault).copied().unwrap_or_default()
    }
}
