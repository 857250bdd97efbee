//! Exports: all rows of chats and users of a store in one file, written from any store and read into any.
//!
//! Fences, lane records and lane terms are left behind. They say which lanes hold which shards of one running store; in
//! another they would be claims by nobody, with values that a later claim there could use again.

mod block;
mod checkpoint;
mod error;
mod export;
mod export_rows;
mod file;
mod header;
mod import;
mod limits;
mod tally;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{ExportError, ImportError};
pub use export::{ExportOptions, Stamp, export};
pub use export_rows::ExportRows;
pub use file::ExportFile;
pub use header::MAGIC as EXPORT_MAGIC;
pub use import::{ImportPhase, import};
pub use limits::CHECKPOINT_BLOCKS;
pub use tally::{Tally, hex};
