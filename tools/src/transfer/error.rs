//! What can go wrong with an export's file, while one is made, and while one is read into a store.

use std::io;
use std::path::{Path, PathBuf};

use ringpost_storage_check::SourceError;

/// A file that is no whole export.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another kind of file.
    #[error("{} is no export of ringpost", path.display())]
    NotAnExport {
        /// The file.
        path: PathBuf,
    },
    /// Written by another version.
    #[error("{} has format version {found}; this build reads version {supported}", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The version that this build reads.
        supported: u32,
    },
    /// It is not what was written.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl FormatError {
    /// Turns the system's error into one that names the file.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    /// Damage of a file.
    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}

/// Why an export was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error("the store cannot be read: {0}")]
    Source(#[from] SourceError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FormatError),
    /// The file is there.
    #[error("{} is there already; remove it first", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The store was written to since the first part was made.
    #[error(
        "the store was written to since {} was begun, so the rest would not fit: begin again with --restart",
        path.display()
    )]
    Moved {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The store was written to during the export.
    #[error(
        "a node wrote to the store during the export: stop all nodes and begin again with --restart"
    )]
    Running,
    /// A row that cannot be carried.
    #[error("the row {key} cannot be exported: {why}; run fsck")]
    Row {
        /// Its key, in words.
        key: String,
        /// Why not.
        why: &'static str,
    },
}

/// Why an export was not read into a store, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store cannot be read or written.
    #[error("the store failed: {0}; run the import again to go on")]
    Target(#[from] SourceError),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FormatError),
    /// The store holds other rows.
    #[error("the store is not empty: it holds {key}")]
    NotEmpty {
        /// The first row found, in words.
        key: String,
    },
    /// Another export was being read.
    #[error("another export is being read into the store: {key}")]
    OtherImport {
        /// The row that says so, in words.
        key: String,
    },
    /// The progress row cannot be read.
    #[error("{key} cannot be read: {what}")]
    Progress {
        /// The row, in words.
        key: String,
        /// What is wrong.
        what: &'static str,
    },
    /// What is in the store afterwards is not what the file holds.
    #[error(
        "the store is not what the export holds: {found} rows where {expected} should be, or others; \
         empty it and import again, with no node running"
    )]
    NotTheSame {
        /// Rows of the export.
        expected: u64,
        /// Rows of the store.
        found: u64,
    },
}
