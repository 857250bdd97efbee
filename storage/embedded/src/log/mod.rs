//! The commit log: append-only segments of checksummed records, one record a commit.
//!
//! ```text
//! log/0000000001.log     segment: header of 64 bytes, then records, each on a multiple of 8 bytes
//! log/0000000003.spare   a file without meaning, kept to be written over
//! ```
//! Records are numbered from 1 without a gap. A segment's records end where the next segment's header says that its own
//! begin; what stands behind them in a reused file has no valid checksum, for that covers store and segment too.

pub(crate) mod header;
pub(crate) mod payload;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod segment;
pub(crate) mod writer;
