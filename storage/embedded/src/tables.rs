//! The tables: one fjall keyspace with everything that was flushed, and the record up to which that is so.
//!
//! Every batch is synced before the next. Until the record is moved on, the commit log holds all that was written here.

use std::path::Path;

use bytes::Bytes;
use fjall::{Database, Guard, Keyspace, KeyspaceCreateOptions, PersistMode};
use ringpost_storage_core::store::{Key, KeyRange};

use crate::directory::sync_folder;
use crate::error::OpenError;
use crate::limits;
use crate::mend::Mended;
use crate::overlay::Bite;

/// No key family begins with 0xff.
const FLUSHED_KEY: &[u8] = b"\xffflushed";

/// The tables. Clones share them.
#[derive(Clone)]
pub(crate) struct Tables {
    database: Database,
    rows: Keyspace,
}

impl Tables {
    /// Opens or makes them. A journal torn by a power loss is mended once.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let tables_error = |source| OpenError::Tables {
            path: path.to_path_buf(),
            source,
        };
        let tables = match Self::open_as_is(path) {
            Err(fjall::Error::JournalRecovery(_)) => Self::open_mended(path),
            other => other,
        };
        let tables = tables.map_err(tables_error)?;
        // fjall syncs the folder of a new keyspace, but not the folder that lists it.
        sync_folder(&path.join("keyspaces"))?;
        sync_folder(path)?;
        Ok(tables)
    }

    fn open_as_is(path: &Path) -> fjall::Result<Self> {
        let database = Database::builder(path)
            .cache_size(limits::TABLES_CACHE_BYTES)
            .max_journaling_size(limits::TABLES_JOURNAL_BYTES)
            .max_cached_files(Some(limits::TABLES_OPEN_FILES))
            .worker_threads(1)
            .manual_journal_persist(true)
            .open()?;
        let rows = database.keyspace("rows", || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(limits::TABLES_MEMTABLE_BYTES)
                .manual_journal_persist(true)
        })?;
        Ok(Self { database, rows })
    }

    fn open_mended(path: &Path) -> fjall::Result<Self> {
        let mended = Mended::cut(path)?;
        let opened = Self::open_as_is(path);
        if let (Err(_), Some(mended)) = (&opened, mended) {
            mended.undo()?;
        }
        opened
    }

    /// The last record whose writes, and those of all records before, are here for good.
    pub fn flushed(&self) -> fjall::Result<u64> {
        let value = self.rows.get(FLUSHED_KEY)?;
        Ok(value
            .and_then(|value| value.as_ref().try_into().ok())
            .map_or(0, u64::from_be_bytes))
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> fjall::Result<Option<Bytes>> {
        let value = self.rows.get(key.as_slice())?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }

    /// Rows of a range, ascending.
    pub fn range(
        &self,
        range: &KeyRange,
    ) -> impl Iterator<Item = fjall::Result<(Key, Bytes)>> + use<> {
        let rows = self
            .rows
            .range(range.begin.as_slice()..range.end.as_slice());
        rows.map(row)
    }

    /// Writes a bite, durably; tells how many rows were written. Synced one by one, so that a power loss tears one at most.
    pub fn write(&self, bite: &Bite) -> fjall::Result<u64> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        match bite {
            Bite::Ranges(ranges) => {
                for range in ranges {
                    for row in self
                        .rows
                        .range(range.begin.as_slice()..range.end.as_slice())
                    {
                        batch.remove(&self.rows, row.key()?);
                    }
                }
            }
            Bite::Entries(entries) => {
                for (key, value) in entries {
                    match value {
                        Some(value) => batch.insert(&self.rows, key.as_slice(), value.as_ref()),
                        None => batch.remove(&self.rows, key.as_slice()),
                    }
                }
            }
        }
        let rows = batch.len() as u64;
        batch.commit()?;
        Ok(rows)
    }

    /// Says that all up to `record` is here, durably.
    pub fn finish(&self, record: u64) -> fjall::Result<()> {
        self.rows.insert(FLUSHED_KEY, record.to_be_bytes())?;
        self.database.persist(PersistMode::SyncAll)
    }
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

fn row(guard: Guard) -> fjall::Result<(Key, Bytes)> {
    let (key, value) = guard.into_inner()?;
    // Every key here came from a `Key`, except the one above, which no range reaches.
    let key = Key::from_slice(&key).ok_or(fjall::Error::Unrecoverable)?;
    Ok((key, Bytes::copy_from_slice(&value)))
}
