//! What can go wrong for a caller of the SDK, one enum an operation.

use std::path::PathBuf;

use ringpost_client_core::NotAccepted;
use ringpost_wire::ErrorCode;

use crate::storage::DatabaseError;
use crate::tls::TlsFailure;

/// Why a storage could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Another process uses the folder.
    #[error("the folder {0} is in use by another client")]
    InUse(PathBuf),
    /// The journal is of another version, or not a journal.
    #[error("{0} is not a journal of this version")]
    OtherVersion(PathBuf),
    /// The journal is damaged before its end: a torn last write does not explain it.
    #[error("{path} is damaged at byte {offset}")]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where the first damaged record begins.
        offset: u64,
    },
    /// The database could not be written.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The system refused.
    #[error("{what} {path}: {source}")]
    System {
        /// What was being done.
        what: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Its storage does not open.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a message was not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The session machine does not take it.
    #[error("not accepted: {0:?}")]
    NotAccepted(NotAccepted),
    /// Too many events wait for the application: take some first.
    #[error("too many events wait to be taken")]
    EventsUnread,
    /// The storage failed, and the client ended. With a full disk nothing of the message was kept; after any other failure the
    /// outbox tells, once the storage is opened again.
    #[error("the storage failed: {0}")]
    StorageFailed(String),
    /// The client has ended.
    #[error("the client has ended")]
    Ended,
}

/// Why a chat was not opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The server refused.
    #[error("refused: {}", .0.name())]
    Refused(ErrorCode),
    /// The server's TLS was never what the client can trust or understand. Ask again: the client goes on trying, unless
    /// `Event::TlsFailed` follows.
    #[error("no connection: {0}")]
    TlsFailed(TlsFailure),
    /// The client has ended.
    #[error("the client has ended")]
    Ended,
}
