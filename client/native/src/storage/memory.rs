//! A storage that lasts as long as the process.

use ringpost_client_core::{Effect, State};

use super::Storage;
use crate::error::StorageError;

/// Keeps nothing beyond the process: after a restart the device begins anew and the server tells where it stands.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    state: State,
}

impl Memory {
    /// A storage that begins with `state`.
    pub fn new(state: State) -> Self {
        Self { state }
    }
}

impl Storage for Memory {
    fn state(&self) -> State {
        self.state.clone()
    }

    fn append(&mut self, _effects: &[Effect], _durable: bool) -> Result<(), StorageError> {
        Ok(())
    }

    fn blocks(&self) -> bool {
        false
    }
}
