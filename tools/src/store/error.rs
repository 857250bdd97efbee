//! Why a store cannot be opened by a tool.

use std::path::PathBuf;

use ringpost_storage_check::SourceError;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such store.
    #[error("{} is no store: neither a node's data directory, nor an export, nor a FoundationDB cluster file", path.display())]
    NoStore {
        /// What was named.
        path: PathBuf,
    },
    /// A node has it open.
    #[error("a node is running on {}: stop the node, or use an export of it", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The embedded engine refused.
    #[error(transparent)]
    Embedded(#[from] ringpost_storage_embedded::OpenError),
    /// The rows cannot be read.
    #[error(transparent)]
    Rows(#[from] SourceError),
    /// An export cannot be written to.
    #[error("{} is an export: rows are imported from it, not into it", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// This build knows no FoundationDB.
    #[cfg(not(feature = "foundationdb"))]
    #[error(
        "{} is a FoundationDB cluster file, and this build has no FoundationDB: build ringpost-tools with --features foundationdb",
        path.display()
    )]
    NoFoundationDb {
        /// The cluster file.
        path: PathBuf,
    },
    /// FoundationDB's client or the cluster file.
    #[cfg(feature = "foundationdb")]
    #[error(transparent)]
    FoundationDb(#[from] ringpost_storage_foundationdb::OpenError),
}
