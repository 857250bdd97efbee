//! Every limit of the embedded engine, in one place, tied to each other at compile time.

use ringpost_storage_core::limits::BATCH_BYTES_AIM;

/// Bytes that the overlay may hold, by default.
pub const OVERLAY_BYTES_MAX: usize = 64 << 20;
/// Smallest overlay that can be asked for, in bytes.
pub const OVERLAY_BYTES_MIN: u64 = 4 << 10;
/// Bytes of a log segment, by default.
pub const SEGMENT_BYTES: u64 = 64 << 20;
/// Smallest segment that can be asked for.
pub const SEGMENT_BYTES_MIN: u64 = 4 << 10;
/// Age at which a write leaves the overlay, by default, in milliseconds.
pub const FLUSH_AGE_MS: u64 = 5_000;
/// Batches of the rules that one commit record may hold.
pub const COMMIT_EXECUTIONS_MAX: usize = 4;
/// Payload bytes of one commit record: a longer one in the log is damage.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// Segments kept for reuse: writing over blocks that a file already has syncs faster than growing it.
pub const SPARE_SEGMENTS_MAX: usize = 2;
/// Entries of the overlay that are looked at for one bite of a flush, so that the committer is never held up for long.
pub const BITE_ENTRIES_MAX: usize = 32 * 1_024;
/// Bytes of values that one bite of a flush takes.
pub const BITE_BYTES_MAX: usize = 8 << 20;
/// Cleared ranges that one bite of a flush takes.
pub const BITE_RANGES_MAX: usize = 512;
/// Chats that the sweep for retention looks at a second.
pub const SWEEP_CHATS_PER_SECOND: usize = 512;
/// Chats that one step of the sweep looks at.
pub const SWEEP_STEP_CHATS: usize = 32;
/// Pause between two rounds of the sweep over all chats, in milliseconds.
pub const SWEEP_PAUSE_MS: u64 = 60 * 60 * 1_000;
/// Device rows that one step of the sweep for unseen devices looks at.
pub const SWEEP_STEP_DEVICES: usize = 32;
/// Device rows that the sweep for unseen devices looks at, or chats that it removes devices from, a second.
pub const SWEEP_DEVICES_PER_SECOND: usize = 512;
/// Time after the start at which the sweep for unseen devices begins, in milliseconds: after a long stop of the server
/// its devices come back first.
pub const SWEEP_DEVICES_DELAY_MS: u64 = 60 * 60 * 1_000;
/// Time after the start at which the sweep begins, in milliseconds.
pub const SWEEP_DELAY_MS: u64 = 10_000;

/// Rows of the tables that are remembered, a power of two: some 3 MB and their values.
pub const READ_CACHE_ROWS: usize = 32_768;
/// Largest value that is remembered, in bytes.
pub const READ_CACHE_VALUE_BYTES_MAX: usize = 512;

/// Bytes of fjall's block cache: heads and pages of slow devices are read through it.
pub const TABLES_CACHE_BYTES: u64 = 32 << 20;
/// Flushed tables that may wait to be merged. Each flush covers all chats, so a merge rewrites everything that was merged
/// lately: the more wait, the fewer rewrites, and the more tables a read may ask.
pub const TABLES_UNMERGED_MAX: u8 = 24;
/// Bytes of a merged table: times the number above, it is what the first merge rewrites.
pub const TABLE_BYTES: u64 = 16 << 20;
/// Files that fjall keeps open.
pub const TABLES_OPEN_FILES: usize = 128;

const _: () = assert!(COMMIT_EXECUTIONS_MAX * BATCH_BYTES_AIM * 4 < RECORD_BYTES_MAX);
const _: () = assert!(BITE_BYTES_MAX * 8 <= OVERLAY_BYTES_MAX);
const _: () = assert!(READ_CACHE_ROWS.is_power_of_two());
const _: () = assert!(SWEEP_STEP_CHATS <= SWEEP_CHATS_PER_SECOND);
const _: () = assert!(SWEEP_STEP_DEVICES <= SWEEP_DEVICES_PER_SECOND);
