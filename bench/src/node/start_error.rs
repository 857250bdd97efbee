//! Why a node could not be started; what it said last is part of it.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::binary::FindBinaryError;

/// Why a node could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartNodeError {
    /// There is no program.
    #[error(transparent)]
    Binary(#[from] FindBinaryError),
    /// There is no folder for its data.
    #[error("making a folder for the node: {0}")]
    Folder(io::Error),
    /// There is no certificate for it.
    #[error("making a certificate for the node: {0}")]
    Certificate(io::Error),
    /// Its log cannot be written or read.
    #[error("the node's log {path}: {source}")]
    Log {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Its process cannot be started.
    #[error("starting {program}: {source}")]
    Spawn {
        /// The program, or the one that binds it (`taskset`, `chrt`).
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// It ended instead of starting.
    #[error("the node ended at once ({status}); its last lines:\n{log}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It took too long.
    #[error("the node takes no messages after {seconds} s ({state}); its last lines:\n{log}")]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// How far it came.
        state: String,
        /// The end of its log.
        log: String,
    },
}
