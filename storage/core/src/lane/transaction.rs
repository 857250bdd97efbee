//! What a lane asks of a store of FoundationDB's kind, and the answers: versions, reads at a version, commits.
//!
//! A commit takes effect at one version or not at all. It is refused when a range of its read conflicts was written at a
//! version greater than its read version.

use bytes::Bytes;

use crate::store::{KeyRange, Rows, Write};

/// A version of the store; about 1,000,000 a second. Commits that are resolved together may share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u64);

/// A commit: explicit read conflicts, no reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRequest {
    /// The version that the read conflicts are checked from.
    pub read_version: Version,
    /// Ranges that nobody may have written after `read_version`.
    pub read_conflicts: Vec<KeyRange>,
    /// The writes, in order.
    pub writes: Vec<Write>,
}

impl CommitRequest {
    /// Bytes that count against the limit of a transaction.
    pub fn size_bytes(&self) -> usize {
        let range_bytes =
            |range: &KeyRange| range.begin.as_slice().len() + range.end.as_slice().len();
        let write_bytes = |write: &Write| match write {
            Write::Insert(row) | Write::Set(row) => row.key.as_slice().len() + row.value.len(),
            Write::Clear(key) => key.as_slice().len(),
            Write::ClearRange(range) => range_bytes(range),
        };
        self.read_conflicts.iter().map(range_bytes).sum::<usize>()
            + self.writes.iter().map(write_bytes).sum::<usize>()
    }
}

/// Answer to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitAnswer {
    /// It is durable and took effect at `version`.
    Committed {
        /// Where it took effect.
        version: Version,
    },
    /// It had no effect: a read conflict was written since.
    Conflict,
    /// It had no effect: the read version is older than the store remembers.
    TooOld,
    /// It had an effect, or had none, or will have (errors 1021, 1031, 1039).
    UnknownResult,
    /// It had no effect: the store has more to do than it can.
    Throttled {
        /// When to try again, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// It had no effect: the transaction, a key or a value is over its limit.
    TooLarge,
}

/// Why there is no read version or no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// The version is older than the store remembers.
    TooOld,
    /// The store has more to do than it can.
    Throttled {
        /// When to try again, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// The store cannot be reached.
    Unavailable,
}

/// Answer to one read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadAnswer {
    /// The value of a key.
    Value(Option<Bytes>),
    /// Rows of a range; possibly fewer than the limits allow, `more` says so.
    Rows(Rows),
}
