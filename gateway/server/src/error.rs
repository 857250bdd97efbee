//! Why a node did not start or did not run on; each text is for the operator.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ringpost_gateway_ring::{ProbeError, StartError};

use crate::http::HttpError;
use crate::secret::SecretError;
use crate::store::StoreError;

/// Why a node did not start or did not run on.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The kernel lacks something.
    #[error(transparent)]
    Kernel(#[from] ProbeError),
    /// A reactor could not be made.
    #[error(transparent)]
    Reactor(#[from] StartError),
    /// The sessions take more rings than the process may open.
    #[error(
        "limits.sessions_per_core {sessions} on {cores} cores takes more rings than the limit of open files \
         (RLIMIT_NOFILE, `ulimit -n`) allows, which is {open_files_max}: raise it or lower the sessions"
    )]
    OpenFiles {
        /// Sessions a core.
        sessions: u32,
        /// Cores.
        cores: usize,
        /// The process's limit.
        open_files_max: u64,
    },
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
    /// A secret could not be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// HTTP could not be served.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The native door's address could not be had.
    #[error("listen.native {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
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
