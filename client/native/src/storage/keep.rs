//! What the SDK needs of a storage: give the state once, then append records.

use ringpost_client_core::{Record, State};

use crate::error::StorageError;

/// Keeps a client's durable state. One client uses a storage at a time.
pub trait Storage: Send + 'static {
    /// The state as it was last kept.
    fn state(&self) -> State;

    /// Appends records, in order. With `durable` all records appended so far must survive a loss of power once this
    /// returns.
    ///
    /// # Errors
    /// The storage failed; it is not used any more then.
    fn append(&mut self, records: &[Record], durable: bool) -> Result<(), StorageError>;

    /// Whether `append` may take long, so that it must not run on a thread of the runtime.
    fn blocks(&self) -> bool;
}
