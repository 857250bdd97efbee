//! Rows as they are, for tools: reading them in pages, and writing them without a command. Only for a store without threads.
//!
//! Writes here keep none of the store's rules: what is written must come from a store that keeps them.

use ringpost_storage_core::key::Family;
use ringpost_storage_core::store::{Key, KeyRange, Rows, Snapshot as _, Write};

use crate::error::{Fatal, OpenError};
use crate::store::{EmbeddedStore, tables_error};

impl EmbeddedStore {
    /// The store's own number, made with it at random.
    pub fn id(&self) -> u128 {
        self.directory.id.0
    }

    /// Number of the last commit: two readings with the same number saw the same rows.
    pub fn last_commit(&self) -> u64 {
        self.engine.last_record()
    }

    /// An error when an import has not come to its end.
    pub(crate) fn refuse_unfinished(&self) -> Result<(), OpenError> {
        let imports = KeyRange::prefix(Key::of(&[&[Family::Import as u8]]));
        let view = self.engine.view();
        match view.range(&imports, 1, 1) {
            Ok(found) if found.rows.is_empty() => Ok(()),
            Ok(_) => Err(OpenError::UnfinishedImport {
                path: self.directory.tables.clone(),
            }),
            Err(_) => match view.into_failure() {
                Some(source) => Err(tables_error(&self.directory, source)),
                None => Ok(()),
            },
        }
    }

    /// The first rows of a range, ascending, as many as the limits allow; at least one where there is one.
    ///
    /// # Errors
    /// [`Fatal`]: the tables cannot be read.
    pub fn rows(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, Fatal> {
        let view = self.engine.view();
        let rows = view.range(range, rows_max, bytes_max);
        rows.map_err(|_| view.into_failure().map_or(Fatal::Rules, Fatal::Tables))
    }

    /// Commits writes that no command made, durably and all or none. Flushes before, when that is due.
    ///
    /// # Errors
    /// [`Fatal`]: the store has stopped for good, and what became of the writes shows only at the next start.
    pub fn write(&mut self, writes: Vec<Write>) -> Result<(), Fatal> {
        self.stopped_before()?;
        let result = self.flush_due();
        let result = result.and_then(|()| self.engine.commit_writes(writes));
        self.note_failure(result)
    }
}
