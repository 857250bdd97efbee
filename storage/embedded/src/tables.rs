//! The tables: one fjall keyspace with everything that was flushed, and the record up to which that is so.
//!
//! Rows come in bites, each an ingestion of sorted tables: no journal, so nothing of it is there after a power loss, or all.
//! Until the record is moved on, the commit log holds all that was written here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use fjall::compaction::Leveled;
use fjall::{Database, Guard, Keyspace, KeyspaceCreateOptions};
use ringpost_storage_core::store::{Key, KeyRange};

use crate::background::step_back;
use crate::directory::{replace_file, sync_folder};
use crate::error::{FileError, OpenError};
use crate::limits;
use crate::manifest;
use crate::overlay::Bite;

/// The keyspace.
const ROWS: &str = "rows";

/// The tables. Clones share them.
#[derive(Clone)]
pub(crate) struct Tables {
    rows: Keyspace,
    flushed: PathBuf,
    /// Dropped last: the keyspace works on the database's threads.
    _database: Database,
}

impl Tables {
    /// Opens or makes them. `flushed` is the file that holds the number of the last record in them.
    ///
    /// # Errors
    /// They are damaged, or not there although `flushed` says that they were.
    pub fn open(path: &Path, flushed: PathBuf) -> Result<Self, OpenError> {
        manifest::check(path)?;
        let reached = flushed_in(&flushed)?;
        let open = || {
            // fjall's threads inherit the place of the one that makes them.
            step_back();
            let database = Database::builder(path)
                .cache_size(limits::TABLES_CACHE_BYTES)
                .max_cached_files(Some(limits::TABLES_OPEN_FILES))
                .worker_threads(1)
                .open()?;
            if reached > 0 && !database.keyspace_exists(ROWS) {
                return Ok(None);
            }
            let rows = database.keyspace(ROWS, || {
                KeyspaceCreateOptions::default().compaction_strategy(Arc::new(
                    Leveled::default()
                        .with_l0_threshold(limits::TABLES_UNMERGED_MAX)
                        .with_table_target_size(limits::TABLE_BYTES),
                ))
            })?;
            Ok(Some((database, rows)))
        };
        let opened = thread::scope(|scope| {
            let opener = thread::Builder::new().spawn_scoped(scope, open)?;
            let joined = opener.join();
            Ok(joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let opened = opened.map_err(FileError::of("make a thread for", path))?;
        let opened = opened.map_err(|source| OpenError::Tables {
            path: path.to_path_buf(),
            source,
        })?;
        let (database, rows) = opened.ok_or_else(|| OpenError::TablesGone {
            path: path.to_path_buf(),
            flushed: reached,
        })?;
        // fjall syncs the folder of a new keyspace, but not the folder that lists it.
        sync_folder(&path.join("keyspaces"))?;
        sync_folder(path)?;
        Ok(Self {
            rows,
            flushed,
            _database: database,
        })
    }

    /// The last record whose writes, and those of all records before, are here for good.
    pub fn flushed(&self) -> Result<u64, OpenError> {
        flushed_in(&self.flushed)
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

    /// Writes a bite as sorted tables of its own, durably and at once; tells how many rows were written.
    pub fn write(&self, bite: &Bite) -> fjall::Result<u64> {
        let mut rows = 0;
        let mut ingestion = self.rows.start_ingestion()?;
        match bite {
            Bite::Ranges(ranges) => {
                for range in ranges {
                    let range = range.begin.as_slice()..range.end.as_slice();
                    for row in self.rows.range(range) {
                        ingestion.write_tombstone(row.key()?)?;
                        rows += 1;
                    }
                }
            }
            Bite::Entries(entries) => {
                for (key, value) in entries {
                    match value {
                        Some(value) => ingestion.write(key.as_slice(), value.as_ref())?,
                        None => ingestion.write_tombstone(key.as_slice())?,
                    }
                }
                rows = entries.len() as u64;
            }
        }
        ingestion.finish()?;
        Ok(rows)
    }

    /// Says that all up to `record` is here, durably.
    pub fn finish(&self, record: u64) -> fjall::Result<()> {
        let number = record.to_string();
        let text = format!("{number} {:08x}\n", crc32c::crc32c(number.as_bytes()));
        let replaced = replace_file(&self.flushed, text.as_bytes());
        replaced.map_err(|error| io::Error::other(error).into())
    }
}

/// Reads `<record> <its CRC-32C>`. A file of an earlier version holds the record alone, as one whose end is missing may: that says
/// no more than was flushed.
fn flushed_in(path: &Path) -> Result<u64, OpenError> {
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(FileError::of("read", path)(error).into()),
    };
    let mut words = text.trim_end_matches('\n').split(' ');
    let number = words.next().unwrap_or_default();
    let is_sealed = words.next().is_none_or(|seal| {
        let sealed = format!("{:08x}", crc32c::crc32c(number.as_bytes()));
        sealed.starts_with(seal)
    });
    let record = number.parse().ok().filter(|_| is_sealed);
    record.ok_or_else(|| OpenError::Flushed {
        path: path.to_path_buf(),
    })
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

fn row(guard: Guard) -> fjall::Result<(Key, Bytes)> {
    let (key, value) = guard.into_inner()?;
    // Every key here came from a `Key`.
    let key = Key::from_slice(&key).ok_or(fjall::Error::Unrecoverable)?;
    Ok((key, Bytes::copy_from_slice(&value)))
}
