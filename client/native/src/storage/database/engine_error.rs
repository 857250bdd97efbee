//! What can go wrong with a database, told apart by what a caller can do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a database could not be opened, read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// Another client uses it.
    #[error("{0} is in use by another client")]
    InUse(PathBuf),
    /// The file is something else; it is left as it is.
    #[error("{0} is not a database of a Ringpost client")]
    NotADatabase(PathBuf),
    /// The key does not open it. Damage to its first page looks the same. The file is left as it is.
    #[error("the key does not open {0}")]
    WrongKey(PathBuf),
    /// It is of a later version of the software.
    #[error("{path} is of version {found}, later than {known}: update the software")]
    LaterVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest version that this software knows.
        known: i64,
    },
    /// A part of it is damaged or missing.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// There is no room on the disk: nothing of what was asked was done.
    #[error("no room on the disk for {0}")]
    Full(PathBuf),
    /// The system or the engine refused. What was being written may or may not be kept.
    #[error("{path}: {what}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// The answer.
        what: String,
    },
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
}

impl DatabaseError {
    /// The error for the engine's answer.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let what = described(error);
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse(path),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, what }
            }
            // A page that does not decrypt ends the statement that reads it like this.
            Some(ErrorCode::Unknown) => Self::Damaged { path, what },
            _ => Self::Failed { path, what },
        }
    }

    /// The error for the system's answer.
    pub(super) fn system(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::Full(path);
        }
        let what = error.to_string();
        Self::Failed { path, what }
    }
}

/// The engine's words without the statement: one of them holds the key.
fn described(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(words)) => format!("{words} ({code})"),
        rusqlite::Error::SqliteFailure(code, None) => code.to_string(),
        rusqlite::Error::SqlInputError { error, .. } => format!("a statement failed ({error})"),
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
            "a field has an impossible value".to_owned()
        }
        _ => "an unexpected answer of the engine".to_owned(),
    }
}
