//! What the client library's error codes mean to a lane, by class. Pure: codes in, answers out.
//!
//! Invariant: only a code that is known to mean "no effect" is told as such; every other end of a commit is unknown.
//! Codes: FoundationDB's `error_definitions.h`, version 7.3.

use ringpost_storage_core::lane::{CommitAnswer, StoreFault};

use crate::limits::RETRY_AFTER_MS;

const TIMED_OUT: i32 = 1004;
const TOO_OLD: i32 = 1007;
const FUTURE_VERSION: i32 = 1009;
const REQUEST_QUEUE_FULL: i32 = 1012;
const NOT_COMMITTED: i32 = 1020;
const COMMIT_UNKNOWN_RESULT: i32 = 1021;
const TRANSACTION_TIMED_OUT: i32 = 1031;
const PROCESS_BEHIND: i32 = 1037;
const DATABASE_LOCKED: i32 = 1038;
const CLUSTER_VERSION_CHANGED: i32 = 1039;
const COMMIT_PROXY_MEMORY: i32 = 1042;
const BATCH_THROTTLED: i32 = 1051;
const GRV_PROXY_MEMORY: i32 = 1078;
const SERVER_OVERLOADED: i32 = 1211;
const TAG_THROTTLED: i32 = 1213;
const PROXY_TAG_THROTTLED: i32 = 1223;
const TRANSACTION_TOO_LARGE: i32 = 2101;
const KEY_TOO_LARGE: i32 = 2102;
const VALUE_TOO_LARGE: i32 = 2103;

/// What a failed commit means.
pub fn commit_answer(code: i32) -> CommitAnswer {
    match code {
        NOT_COMMITTED => CommitAnswer::Conflict,
        TOO_OLD => CommitAnswer::TooOld,
        TRANSACTION_TOO_LARGE | KEY_TOO_LARGE | VALUE_TOO_LARGE => CommitAnswer::TooLarge,
        DATABASE_LOCKED => throttled(),
        _ if is_throttling(code) => throttled(),
        _ => CommitAnswer::UnknownResult,
    }
}

/// What a read version or rows that did not come mean.
pub fn fault(code: i32) -> StoreFault {
    match code {
        TOO_OLD => StoreFault::TooOld,
        FUTURE_VERSION => StoreFault::Throttled {
            retry_after_ms: RETRY_AFTER_MS,
        },
        _ if is_throttling(code) => StoreFault::Throttled {
            retry_after_ms: RETRY_AFTER_MS,
        },
        _ => StoreFault::Unavailable,
    }
}

/// The cluster has more to do than it can.
pub fn is_throttling(code: i32) -> bool {
    matches!(
        code,
        REQUEST_QUEUE_FULL
            | PROCESS_BEHIND
            | COMMIT_PROXY_MEMORY
            | BATCH_THROTTLED
            | GRV_PROXY_MEMORY
            | SERVER_OVERLOADED
            | TAG_THROTTLED
            | PROXY_TAG_THROTTLED
    )
}

/// Someone has locked the database, as a restore does.
pub fn is_locked(code: i32) -> bool {
    code == DATABASE_LOCKED
}

/// Whether the code is one that this file gives a meaning of its own.
pub fn is_foreseen(code: i32) -> bool {
    is_throttling(code)
        || matches!(
            code,
            TIMED_OUT
                | TOO_OLD
                | FUTURE_VERSION
                | NOT_COMMITTED
                | COMMIT_UNKNOWN_RESULT
                | TRANSACTION_TIMED_OUT
                | DATABASE_LOCKED
                | CLUSTER_VERSION_CHANGED
                | TRANSACTION_TOO_LARGE
                | KEY_TOO_LARGE
                | VALUE_TOO_LARGE
        )
}

fn throttled() -> CommitAnswer {
    CommitAnswer::Throttled {
        retry_after_ms: RETRY_AFTER_MS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_landed_is_unknown() {
        for code in [
            1021, 1022, 1025, 1026, 1030, 1031, 1039, 1100, 1101, 1500, 4100, 9999,
        ] {
            assert_eq!(commit_answer(code), CommitAnswer::UnknownResult, "{code}");
        }
    }

    #[test]
    fn what_had_no_effect_is_told_by_class() {
        assert_eq!(commit_answer(1020), CommitAnswer::Conflict);
        assert_eq!(commit_answer(1007), CommitAnswer::TooOld);
        for code in [2101, 2102, 2103] {
            assert_eq!(commit_answer(code), CommitAnswer::TooLarge, "{code}");
        }
        for code in [1037, 1038, 1042, 1051, 1078, 1213, 1223] {
            let answer = commit_answer(code);
            assert!(matches!(answer, CommitAnswer::Throttled { .. }), "{code}");
        }
    }

    #[test]
    fn a_read_that_failed_is_old_throttled_or_unavailable() {
        assert_eq!(fault(1007), StoreFault::TooOld);
        for code in [1009, 1037, 1078, 1213] {
            assert!(
                matches!(fault(code), StoreFault::Throttled { .. }),
                "{code}"
            );
        }
        for code in [1026, 1031, 1038, 1100, 9999] {
            assert_eq!(fault(code), StoreFault::Unavailable, "{code}");
        }
        assert!(is_locked(1038) && is_foreseen(1038) && !is_foreseen(9999));
    }
}
