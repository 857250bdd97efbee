//! Limits of the database.

use std::time::Duration;

/// Requests to the database's thread that may wait.
pub(super) const JOBS_MAX: usize = 64;
/// Messages in one page of history, at most.
pub(super) const PAGE_MESSAGES_MAX: usize = 1_000;
/// Conversations in one list, at most.
pub(super) const CONVERSATIONS_MAX: usize = 1_000;
/// Messages deleted in one step to keep the history within its limits.
pub(super) const DELETE_STEP: i64 = 64;
/// Bytes that the write-ahead log keeps on disk once its content is in the database.
pub(super) const LOG_BYTES_KEPT: i64 = 4 * 1024 * 1024;
/// Pages in the write-ahead log from which on its content is moved into the database.
pub(super) const LOG_PAGES_MAX: i32 = 1_000;
/// Prepared statements that are kept.
pub(super) const STATEMENTS_KEPT: usize = 32;
/// Payload bytes of history that are kept unless configured otherwise.
pub(super) const HISTORY_BYTES_DEFAULT: u64 = 1024 * 1024 * 1024;
/// Age of the mark from which on the next record brings a new one; see `place`.
pub(super) const MARK_AGE_MAX: Duration = Duration::from_secs(600);
