//! Why the keys of tokens cannot be had. Names files and keys, never a byte of one.

use std::io;
use std::path::PathBuf;

use ringpost_gateway_core::{JwksError, KeyError, KeySetError};

/// Why the keys of tokens cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// A file cannot be read.
    #[error("{key} {path}: {source}")]
    File {
        /// The key of the configuration that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of `auth.keys` does not hold its key.
    #[error("auth.keys {kid:?}, file {path}: {error}")]
    Key {
        /// The `kid`.
        kid: String,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: KeyError,
    },
    /// The key set is refused.
    #[error("auth.jwks_file {path}: {error}")]
    Jwks {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: JwksError,
    },
    /// Others may read a key set that holds a secret (`oct`), or the private half of a key.
    #[error(
        "auth.jwks_file {path} holds a secret or a private key and has mode {mode:o}: make it 600, so that nobody else reads it"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The keys contradict each other.
    #[error("auth.keys, auth.jwks_file and auth.local_secret together: {0}")]
    Set(#[from] KeySetError),
}
