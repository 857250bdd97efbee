//! What an import asks of a store beside reading it: changes, all or none.

use bytes::Bytes;
use ringpost_storage_check::{RowSource, SourceError, StoredRow};
use ringpost_storage_core::store::{Key, Row, Write};

/// A store into which rows can be written.
pub trait RowSink: RowSource {
    /// Sets rows and removes keys in one commit, durably. A repeat does no harm.
    ///
    /// # Errors
    /// What became of the commit may not be known.
    fn apply(&mut self, sets: Vec<StoredRow>, clears: &[Bytes]) -> Result<(), SourceError>;
}

/// The changes as an engine's writes.
pub(super) fn writes(sets: Vec<StoredRow>, clears: &[Bytes]) -> Result<Vec<Write>, SourceError> {
    let key_of = |bytes: &[u8]| {
        let key = Key::from_slice(bytes);
        key.ok_or_else(|| SourceError::told("a key is longer than any of ours"))
    };
    let mut writes = Vec::with_capacity(sets.len() + clears.len());
    for row in sets {
        let (key, value) = (key_of(&row.key)?, row.value);
        writes.push(Write::Set(Row { key, value }));
    }
    for key in clears {
        writes.push(Write::Clear(key_of(key)?));
    }
    Ok(writes)
}
