//! The inputs and effects of a lane: closed, plain values. Every effect with a ticket is answered by one input with it.

use crate::command::Command;
use crate::lane::{CommitAnswer, CommitRequest, ReadAnswer, StoreFault, Version};
use crate::outcome::Outcome;
use crate::store::Read;

/// Pairs a request with its answer; never used twice in the life of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What happens to a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneInput {
    /// Commands to run, after those given before. At most `Lane::room` of them.
    Submit(Vec<Command>),
    /// Answer to `GetReadVersion`.
    ReadVersion {
        /// Of the request.
        ticket: Ticket,
        /// The version, or why there is none.
        result: Result<Version, StoreFault>,
    },
    /// Answer to `Read`.
    Rows {
        /// Of the request.
        ticket: Ticket,
        /// One answer a read, in order, or why there are none.
        results: Result<Vec<ReadAnswer>, StoreFault>,
    },
    /// Answer to `Commit`.
    Committed {
        /// Of the request.
        ticket: Ticket,
        /// What is known of it.
        result: CommitAnswer,
    },
}

/// What a lane wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneEffect {
    /// Ask the store for a read version.
    GetReadVersion {
        /// For the answer.
        ticket: Ticket,
    },
    /// Read rows, without read conflicts.
    Read {
        /// For the answer.
        ticket: Ticket,
        /// The version to read at.
        version: Version,
        /// What to read.
        reads: Vec<Read>,
    },
    /// Commit, once: the shell must not repeat it.
    Commit {
        /// For the answer.
        ticket: Ticket,
        /// The whole transaction.
        request: CommitRequest,
    },
    /// Outcomes of the oldest commands that have none yet, in order.
    Answer {
        /// One a command.
        outcomes: Vec<Outcome>,
    },
    /// The lane's state changed.
    State(LaneState),
}

/// Whether a lane can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// It can.
    Ready,
    /// It cannot: what it is given it refuses with `Unavailable`.
    Unavailable {
        /// Why.
        reason: UnavailableReason,
    },
}

/// Why a lane cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnavailableReason {
    /// The store does not answer or refuses; the lane goes on trying.
    Store,
    /// A later life of this lane has begun. Final.
    Superseded,
    /// Another life of this lane has the same incarnation. Final.
    IncarnationReused,
    /// A row cannot be decoded. Final: a person must look.
    DamagedRow,
}

/// What a lane has done since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCounters {
    /// Commits of claims that took effect.
    pub claims: u64,
    /// Shards dropped because another lane had claimed them.
    pub shards_lost: u64,
    /// Commits refused as conflicts.
    pub conflicts: u64,
    /// Commits whose result was unknown.
    pub unknown_results: u64,
    /// Settlings known to have been committed.
    pub settlings: u64,
    /// Batches of unknown result that a settling found landed.
    pub settled_landed: u64,
    /// Batches of unknown result that a settling found not landed.
    pub settled_lost: u64,
    /// Batches that took effect.
    pub batches: u64,
    /// Reads that a batch turned out to need after its first ones.
    pub refetches: u64,
    /// Times that a new read version was taken and the fences read at it.
    pub refreshes: u64,
    /// Commands refused because their shard was not held.
    pub refused: u64,
}
