//! What can go wrong in a tool, and the exit code that tells a script.

use std::path::{Path, PathBuf};

use ringpost_client_native::{
    ConnectError, DatabaseError, Ended, KeyFileError, OpenError, SendError, StorageError,
    TlsFailure,
};
use ringpost_gateway_core::NoRandomness;

use crate::store::StoreError;
use crate::transfer::{ExportError, ImportError};

/// Why a tool stopped.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The tool ran, and found or met something wrong.
    #[error("{0}")]
    Found(String),
    /// A check that could not be made, or tells nothing.
    #[error("{0}")]
    CannotRun(String),
    /// A store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An export was not made, or not to its end.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// An export was not read into a store, or not to its end.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The arguments do not make sense together.
    #[error("{0}")]
    Usage(String),
    /// The session is over for good.
    #[error("the session has ended: {0:?}")]
    SessionEnded(Ended),
    /// No connection can be had.
    #[error("no connection: {0}")]
    Tls(TlsFailure),
    /// The client stopped.
    #[error("the client has stopped: {0}")]
    Stopped(String),
    /// The client's state could not be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The client's database could not be opened or read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database's key could not be read or made.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The client could not be made.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A message was not taken.
    #[error("a message was not taken: {0}")]
    Send(#[from] SendError),
    /// A chat was not opened.
    #[error("the chat was not opened: {0}")]
    Open(#[from] OpenError),
    /// A key for tokens cannot be made, or cannot sign.
    #[error("the key for tokens: {0}")]
    Signing(#[from] NoRandomness),
    /// The node's administration did not answer as expected.
    #[error("{what} {address}: {why}")]
    Node {
        /// What was asked.
        what: &'static str,
        /// Where.
        address: String,
        /// What came.
        why: String,
    },
    /// A file could not be read or written.
    #[error("{what} {path}: {source}")]
    File {
        /// What was being done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl ToolError {
    /// A failure with a file.
    pub fn file(what: &'static str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        Self::File { what, path, source }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Found(_) => 1,
            Self::Usage(_) | Self::CannotRun(_) => 2,
            Self::SessionEnded(_)
            | Self::Tls(_)
            | Self::Stopped(_)
            | Self::Connect(_)
            | Self::Send(_)
            | Self::Open(_)
            | Self::Node { .. } => 3,
            Self::Storage(_)
            | Self::Database(_)
            | Self::Signing(_)
            | Self::Key(_)
            | Self::File { .. }
            | Self::Store(_)
            | Self::Export(_)
            | Self::Import(_) => 4,
        }
    }
}
