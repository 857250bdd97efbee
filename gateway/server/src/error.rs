//! Why a node did not start or did not run on; each text is for the operator.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ringpost_gateway_ring::StartError;

use crate::door::CertificateError;
use crate::host::Finding;
use crate::http::HttpError;
use crate::secret::SecretError;
use crate::store::StoreError;
use crate::tokens::TokensError;

/// Why a node did not start or did not run on.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A reactor could not be made.
    #[error(transparent)]
    Reactor(#[from] StartError),
    /// The host lacks what the node cannot run without.
    #[error("{0}")]
    Host(Finding),
    /// The store could not be opened, or has failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data directory could not be made.
    #[error("data_dir {path}: {source}")]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keys of tokens could not be had.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// A secret could not be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The certificate could not be had.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// HTTP could not be served.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A door's address could not be had.
    #[error("listen.native or listen.tls {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A stop was cut short.
    #[error(
        "sessions or commands were left after three quarters of drain.limit_ms ({limit_ms}): they were cut off, and what was \
         answered is stored"
    )]
    DrainTooLong {
        /// The limit.
        limit_ms: u64,
    },
    /// A thread could not be started, or ended before its time.
    #[error("core {core}: {reason}")]
    Core {
        /// Which.
        core: usize,
        /// Why.
        reason: String,
    },
}
