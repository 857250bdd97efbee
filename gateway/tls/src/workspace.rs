//! The memory that sessions of one thread work in, one after another, so that none needs buffers of its own.
//!
//! Invariant: between two calls `incoming` is empty; `outgoing` is what the last calls made and the caller has not yet cleared.

use crate::limits::WORKSPACE_BYTES_KEPT;

/// Buffers that all sessions of a thread share.
#[derive(Default)]
pub struct Workspace {
    pub(crate) incoming: Vec<u8>,
    pub(crate) outgoing: Vec<u8>,
}

impl Workspace {
    /// What must be sent to the peer of the session that was called last, in order.
    pub fn outgoing(&self) -> &[u8] {
        &self.outgoing
    }

    /// Forgets it: it was sent.
    pub fn clear(&mut self) {
        reset(&mut self.outgoing);
    }
}

/// Empties a buffer and gives back what it should not keep.
pub(crate) fn reset(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(WORKSPACE_BYTES_KEPT);
}
