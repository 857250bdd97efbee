//! Every limit of a check, in one place: with them its memory does not grow with the store.
//!
//! Beside them a check holds the rows of one chat but its messages, and the devices of one user.

use ringpost_wire::limits::FRAME_BYTES_MAX;

/// Most rows of a page.
pub const PAGE_ROWS_MAX: usize = 1_000;
/// Bytes of values at which a page is full.
pub const PAGE_BYTES_MAX: usize = 256 * 1_024;
/// Bytes that are sorted in memory; what is more goes to a temporary file, sorted.
pub const SORT_BYTES: usize = 64 << 20;
/// Bytes read ahead of each sorted file while they are merged.
pub const MERGE_BYTES: usize = 128 * 1_024;
/// Findings of a kind that are kept to be shown, by default; all are counted.
pub const FINDINGS_PER_KIND_MAX: usize = 20;

const _: () = assert!(PAGE_BYTES_MAX >= 2 * FRAME_BYTES_MAX);
const _: () = assert!(SORT_BYTES <= u32::MAX as usize);
