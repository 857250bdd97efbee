//! Why a store cannot be opened, and why an open one stopped for good.

use std::io;
use std::path::{Path, PathBuf};

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried, as a verb.
    pub action: &'static str,
    /// On which file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl FileError {
    /// Turns the system's error into one that names the file.
    pub(crate) fn of(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self {
            action,
            path,
            source,
        }
    }
}

/// Damage of the commit log beyond what a power loss explains.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is damaged at byte {offset}: {what}", path.display())]
pub struct Damage {
    /// The segment.
    pub path: PathBuf,
    /// Where, in bytes from its begin.
    pub offset: u64,
    /// What was found.
    pub what: DamageKind,
}

/// What is wrong with a commit log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageKind {
    /// The segment's header.
    #[error("the segment's header is not readable")]
    Header,
    /// A segment of another store.
    #[error("the segment belongs to another store")]
    OtherStore,
    /// A file whose name and header differ.
    #[error("the header says segment {found}")]
    OtherSegment {
        /// The number in the header.
        found: u64,
    },
    /// A bad record before good ones.
    #[error("record {expected} is not readable, but later records are")]
    Record {
        /// The record that should be there.
        expected: u64,
    },
    /// A good record with a number out of turn.
    #[error("record {expected} should be here, found {found}")]
    Gap {
        /// The record that should be there.
        expected: u64,
        /// The one found.
        found: u64,
    },
    /// A record whose checksum is right and whose writes cannot be read.
    #[error("the writes of record {number} cannot be read")]
    Writes {
        /// The record.
        number: u64,
    },
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process has the store open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The folder holds data, but not of this engine.
    #[error("{} is not a store of ringpost: it holds data without a readable FORMAT file", path.display())]
    NotAStore {
        /// The folder.
        path: PathBuf,
    },
    /// The file that counts how often the store was opened cannot be read.
    #[error("{} does not say how often the store was opened; restore the store from a backup", path.display())]
    Incarnation {
        /// The file.
        path: PathBuf,
    },
    /// The folder was written by another version.
    #[error("{} has format version {found}; this build reads version {supported}", path.display())]
    OtherVersion {
        /// The format file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The version that this build reads.
        supported: u32,
    },
    /// The commit log is damaged.
    #[error("{0}; restore the store from a backup")]
    Damaged(Damage),
    /// A segment of the commit log is missing.
    #[error("segment {number} of the commit log is missing in {}; restore it or the store from a backup", path.display())]
    MissingSegment {
        /// The folder of the log.
        path: PathBuf,
        /// The number of the missing segment.
        number: u64,
    },
    /// The log does not reach from where the tables end.
    #[error("the commit log in {} holds records {first} to {last}, but the tables end at record {flushed}; restore both from one backup", path.display())]
    LogApartFromTables {
        /// The folder of the log.
        path: PathBuf,
        /// First record of the log.
        first: u64,
        /// Last record of the log.
        last: u64,
        /// Last record whose writes are in the tables.
        flushed: u64,
    },
    /// The tables cannot be opened.
    #[error("cannot open the tables in {}: {source}", path.display())]
    Tables {
        /// The folder of the tables.
        path: PathBuf,
        /// What fjall said.
        source: fjall::Error,
    },
    /// A file that says what the tables consist of is not what was written.
    #[error("{} is damaged, or the file beside it that it belongs to; restore the store from a backup", path.display())]
    DamagedState {
        /// The file.
        path: PathBuf,
    },
    /// The tables are empty, and should not be.
    #[error("the tables in {} are gone, but records up to {flushed} were in them; restore the store from a backup", path.display())]
    TablesGone {
        /// The folder of the tables.
        path: PathBuf,
        /// Last record whose writes were in them.
        flushed: u64,
    },
    /// The file that says how far the tables reach cannot be read.
    #[error("{} does not say how far the tables reach; restore the store from a backup", path.display())]
    Flushed {
        /// The file.
        path: PathBuf,
    },
    /// An export was read into the store, and not to its end.
    #[error("{} holds a part of an export: import it again to its end", path.display())]
    UnfinishedImport {
        /// The folder of the tables.
        path: PathBuf,
    },
    /// An option that makes no sense.
    #[error("{option} is {value}: it must be at least {least}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: u64,
        /// The least that it may be.
        least: u64,
    },
}

/// Why an open store stopped for good. Nothing is retried: what is on disk is settled by the next start.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The commit log could not be written or synced: the fate of the batch is unknown until the next start.
    #[error("the commit log failed: {0}")]
    Log(#[from] FileError),
    /// The tables failed.
    #[error("the tables failed: {0}")]
    Tables(#[from] fjall::Error),
    /// The rules asked for more than a store that answers everything holds.
    #[error("the rules do not come to an end with every read answered")]
    Rules,
    /// A row is not what was written.
    #[error("row {key:?} cannot be read: {what}")]
    DamagedRow {
        /// The row.
        key: ringpost_storage_core::store::Key,
        /// The part that cannot be read.
        what: &'static str,
    },
    /// A batch wrote more than a commit record may hold.
    #[error("a batch of {bytes} bytes is too large for a commit record")]
    Record {
        /// Its bytes.
        bytes: usize,
    },
    /// A thread of the store ended by a defect.
    #[error("a thread of the store panicked: {0}")]
    Panicked(String),
    /// The store has stopped before; the first reason stands in its state.
    #[error("the store has stopped: {0}")]
    Stopped(String),
}
