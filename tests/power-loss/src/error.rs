//! Why a program could not be put under the recorder, or its files could not be cut.

use std::path::{Path, PathBuf};

/// A failure of the harness itself; never an outcome of a power loss.
#[derive(Debug, thiserror::Error)]
pub enum PowerLossError {
    /// A file operation failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program ran without the recorder, for example since it is linked statically.
    #[error("the recorder was never loaded: {0} is missing")]
    NotLoaded(PathBuf),
    /// The program did something that the model does not cover.
    #[error("the program did what cannot be cut: {0}")]
    Violation(String),
    /// The shadow holds a line that the recorder does not write, or misses the root.
    #[error("the shadow is damaged: {0}")]
    Damaged(String),
}

/// Puts the path into an I/O error.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> PowerLossError {
    let path = path.to_owned();
    move |source| PowerLossError::Io { path, source }
}
