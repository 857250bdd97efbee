//! Every limit of exports and imports, in one place. A block is what one transaction of an import writes.

use ringpost_storage_core::limits::{
    BATCH_BYTES_AIM, KEY_BYTES_HARD_MAX, TRANSACTION_BYTES_HARD_MAX, VALUE_BYTES_HARD_MAX,
};
use ringpost_storage_core::store::KEY_BYTES_MAX;

/// What the row of progress of an import may cost.
const PROGRESS_COST_MAX: usize = 1_000;
/// What the rows of a block may cost a transaction, which also writes the progress: only one large row may be over it.
pub const BLOCK_COST_MAX: usize = BATCH_BYTES_AIM - PROGRESS_COST_MAX;
/// What a row costs a transaction beside its bytes: its key twice more, as a range that conflicts, and some of its own.
pub const ROW_COST_BYTES: usize = 2 * KEY_BYTES_MAX + 24;
/// Most bytes of a block's rows.
pub const BLOCK_BYTES_MAX: usize = BLOCK_COST_MAX + VALUE_BYTES_HARD_MAX;
/// Largest value.
pub const VALUE_BYTES_MAX: usize = VALUE_BYTES_HARD_MAX;
/// Blocks after which an export notes how far it is: what it repeats after an interruption.
pub const CHECKPOINT_BLOCKS: u64 = 16;
/// Rows of a page that is read.
pub const PAGE_ROWS_MAX: usize = 1_000;
/// Bytes of a page that is read.
pub const PAGE_BYTES_MAX: usize = 256 * 1_024;

const _: () = assert!(BLOCK_BYTES_MAX * 4 < TRANSACTION_BYTES_HARD_MAX);
const _: () = assert!(KEY_BYTES_MAX <= KEY_BYTES_HARD_MAX && KEY_BYTES_MAX <= u8::MAX as usize);
