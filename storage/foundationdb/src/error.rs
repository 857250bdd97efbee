//! Why a store cannot be opened or started, and why a direct access failed.

use std::io;
use std::path::PathBuf;

/// Why a store cannot be opened or started; with a message for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// An option that makes no sense.
    #[error("{option} {what}")]
    Option {
        /// The option.
        option: &'static str,
        /// What it must be.
        what: &'static str,
    },
    /// The cluster file cannot be read.
    #[error("cannot read the cluster file {}: {source}", path.display())]
    ClusterFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The cluster file is none.
    #[error("{} is no cluster file of FoundationDB: {what}", path.display())]
    ClusterFileContent {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The client library that was found is too old.
    #[error(
        "the FoundationDB client library has API version {found} at most, and {wanted} is needed: \
         install the client package of FoundationDB {}.{} or later",
        wanted / 100,
        wanted / 10 % 10
    )]
    LibraryVersion {
        /// The highest version that the library has.
        found: i32,
        /// The version that this build needs.
        wanted: i32,
    },
    /// The client library refused.
    #[error("the FoundationDB client library cannot {action}: {message} (error {code})")]
    Client {
        /// What was tried, as a verb.
        action: &'static str,
        /// The library's code.
        code: i32,
        /// The library's words.
        message: String,
    },
    /// The client library runs already, with other options.
    #[error("the FoundationDB client library already runs in this process, with other options")]
    OtherClientOptions,
    /// The client library was stopped, or could not be started before; it starts once a process.
    #[error("the FoundationDB client library cannot be started again in this process: {reason}")]
    ClientEnded {
        /// Why.
        reason: String,
    },
    /// A thread cannot be made.
    #[error("cannot make a thread for the store: {0}")]
    Thread(#[source] io::Error),
}

/// Why a direct access failed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The cluster did not answer in time.
    #[error("the cluster did not answer within {seconds} s; last: {last}")]
    NoAnswer {
        /// How long was waited, in seconds.
        seconds: u64,
        /// The last error on the way, or none.
        last: String,
    },
    /// The client library or the cluster refused.
    #[error("the cluster refused: {message} (error {code})")]
    Refused {
        /// The library's code.
        code: i32,
        /// The library's words.
        message: String,
    },
    /// What lies under the prefix has another layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A key that no row can have.
    #[error("a row's key has 1 to {max} bytes, the first 1 to 254")]
    Key {
        /// Most bytes.
        max: usize,
    },
    /// A value over FoundationDB's limit.
    #[error("a value of {bytes} bytes is over the limit of {max}")]
    Value {
        /// Its bytes.
        bytes: usize,
        /// Most bytes.
        max: usize,
    },
}

/// What lies under the prefix is not a store of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Another version of the layout.
    #[error(
        "the database has layout version {found} under the prefix; this build reads version {supported}"
    )]
    OtherVersion {
        /// The version found.
        found: u32,
        /// The version that this build reads.
        supported: u32,
    },
    /// Rows without a version.
    #[error("the database has rows under the prefix, but not of a store of ringpost")]
    NotAStore,
    /// An import that has not come to its end.
    #[error("the import into the database has not come to its end: run it again")]
    UnfinishedImport,
    /// The row of the version or of an incarnation cannot be read.
    #[error("the engine's own row {what} cannot be read")]
    Damaged {
        /// Which.
        what: &'static str,
    },
}
