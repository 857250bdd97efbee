//! Why a store could not be opened or has failed. Each text is for the operator; the engine has written it.

use std::error::Error;

/// Why a store could not be opened or has failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be opened, and will not be as things are.
    #[error("{0}")]
    Open(#[source] Box<dyn Error + Send + Sync>),
    /// It could not be opened now; what is missing may come.
    #[error("{0}")]
    #[allow(dead_code, reason = "the embedded store waits for nothing")]
    NotYet(#[source] Box<dyn Error + Send + Sync>),
    /// Its threads could not be started.
    #[error("{0}")]
    Threads(#[source] Box<dyn Error + Send + Sync>),
    /// It has failed; what was answered is stored.
    #[error("the store has failed: {0}")]
    Failed(String),
}
