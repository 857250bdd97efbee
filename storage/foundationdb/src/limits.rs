//! Every limit of the FoundationDB engine, in one place, tied to each other at compile time. Times are in milliseconds.

use ringpost_storage_core::limits::{
    BATCH_BYTES_AIM, KEY_BYTES_HARD_MAX, TRANSACTION_BYTES_HARD_MAX, TRANSACTION_MS_HARD_MAX,
    VALUE_BYTES_HARD_MAX, VERSION_AGE_MS_MAX,
};
use ringpost_storage_core::store::KEY_BYTES_MAX;

/// The version of the client library's interface that is asked for.
pub const API_VERSION: i32 = 730;
/// Longest wait for a read version; then the store counts as unreachable.
pub const READ_VERSION_MS_MAX: u64 = 1_500;
/// Longest wait for the rows of one request.
pub const READ_MS_MAX: u64 = 2_000;
/// Longest wait for a commit; then its result is unknown.
pub const COMMIT_MS_MAX: u64 = 3_000;
/// Wait that a lane is told after an error that only time can mend.
pub const RETRY_AFTER_MS: u64 = 200;
/// Wait before an error that was not foreseen is reported, so that nobody spins on it.
pub const UNFORESEEN_DELAY_MS: u64 = 500;
/// Wait between two attempts to begin.
pub const BEGIN_DELAY_MS: u64 = 500;
/// Longest wait for what is under way when the store is stopped.
pub const STOP_MS_MAX: u64 = 10_000;
/// Longest time for one call of `Access`, with its repetitions.
pub const ACCESS_MS_MAX: u64 = 30_000;

/// Longest prefix of the rows, in bytes.
pub const PREFIX_BYTES_MAX: usize = 64;
/// Fences that are read one by one; more are read as one range.
pub const FENCES_SINGLE_MAX: usize = 8;
/// Bytes of rows at which a bulk write begins a new transaction.
pub const WRITE_BYTES_AIM: usize = BATCH_BYTES_AIM;
/// Most rows of one page of a scan.
pub const SCAN_ROWS_MAX: usize = 10_000;
/// Bytes of rows at which a page of a scan ends.
pub const SCAN_BYTES_AIM: usize = 1_000_000;
/// Most threads of the client library.
pub const CLIENT_THREADS_MAX: u32 = 64;
/// Bytes of rows that each lane keeps in memory, by default.
pub const LANE_CACHE_BYTES: usize = 64 << 20;
/// Fewest bytes that can be asked for.
pub const LANE_CACHE_BYTES_MIN: usize = 64 << 10;

/// Chats that the sweep for retention looks at a second.
pub const SWEEP_CHATS_PER_SECOND: u64 = 512;
/// Chats that one step of it looks at.
pub const SWEEP_STEP_CHATS: u32 = 32;
/// Device rows that the sweep for unseen devices looks at, or chats that it removes devices from, a second.
pub const SWEEP_DEVICES_PER_SECOND: u64 = 512;
/// Device rows that one step of it looks at.
pub const SWEEP_STEP_DEVICES: u32 = 32;
/// Pause between two rounds of a sweep.
pub const SWEEP_PAUSE_MS: u64 = 60 * 60 * 1_000;
/// Pause of a sweep when the cluster does not give it anything.
pub const SWEEP_FAULT_PAUSE_MS: u64 = 5_000;
/// Time after the start at which the sweep for retention begins.
pub const SWEEP_DELAY_MS: u64 = 10_000;
/// Time after the start at which the sweep for unseen devices begins: after a long stop of the server its devices come
/// back first.
pub const SWEEP_DEVICES_DELAY_MS: u64 = 60 * 60 * 1_000;

const _: () = assert!(PREFIX_BYTES_MAX + 1 + KEY_BYTES_MAX < KEY_BYTES_HARD_MAX);
const _: () = assert!(
    WRITE_BYTES_AIM + VALUE_BYTES_HARD_MAX + KEY_BYTES_HARD_MAX < TRANSACTION_BYTES_HARD_MAX / 4
);
const _: () = assert!(READ_MS_MAX + VERSION_AGE_MS_MAX < TRANSACTION_MS_HARD_MAX);
const _: () = assert!(COMMIT_MS_MAX < TRANSACTION_MS_HARD_MAX);
