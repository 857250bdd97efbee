//! What the SDK needs of a storage: give the state once, then append what the machine's effects say.

use ringpost_client_core::{Effect, State};

use crate::error::StorageError;

/// Keeps a client's durable state. One client uses a storage at a time.
pub trait Storage: Send + 'static {
    /// The state as it was kept; asked for before anything is appended.
    fn state(&self) -> State;

    /// Whether the state may be older than what its client did since, as one from a backup is; then every chat is read from where
    /// the state stands.
    fn is_set_back(&self) -> bool {
        false
    }

    /// Appends the records among the effects, in order; a storage with a history keeps there what the others tell. With `durable`
    /// all that was appended so far must survive a loss of power once this returns.
    ///
    /// # Errors
    /// The storage failed; it is not used any more then.
    fn append(&mut self, effects: &[Effect], durable: bool) -> Result<(), StorageError>;

    /// Whether `append` may take long, so that it must not run on a thread of the runtime.
    fn blocks(&self) -> bool;
}
