//! What an import asks of a store beside reading it: changes, all or none.

use bytes::Bytes;
use ringpost_storage_check::{RowSource, SourceError, StoredRow};

/// A store into which rows can be written.
pub trait RowSink: RowSource {
    /// Sets rows and removes keys in one commit, durably. A repeat does no harm.
    ///
    /// # Errors
    /// What became of the commit may not be known.
    fn apply(&mut self, sets: Vec<StoredRow>, clears: &[Bytes]) -> Result<(), SourceError>;
}
