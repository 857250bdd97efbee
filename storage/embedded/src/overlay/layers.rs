//! The overlay's three layers, and what it says of its size.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ringpost_storage_core::store::Key;

use super::bite::Bite;
use super::cleared::ClearedRanges;

/// Bytes that an entry takes beside its value: its place in the tree, and the value's own allocation.
pub(crate) const ENTRY_BYTES: usize = 176;

/// The overlay.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pub(super) entries: BTreeMap<Key, Entry>,
    pub(super) cleared: ClearedRanges,
    pub(super) flushing: Option<Arc<Bite>>,
    pub(super) flushing_bytes: usize,
    pub(super) value_bytes: usize,
    pub(super) cancelled: u64,
}

/// The last write of a key.
#[derive(Debug)]
pub(super) struct Entry {
    /// `None`: it was cleared.
    pub value: Option<Bytes>,
    /// The record since which the tables are behind for this key.
    pub since: u64,
    /// The bite being flushed or the tables may hold the key.
    pub is_below: bool,
}

impl Overlay {
    /// Bytes of memory that it holds.
    pub fn bytes(&self) -> usize {
        self.value_bytes
            + self.entries.len() * ENTRY_BYTES
            + self.cleared.bytes()
            + self.flushing_bytes
    }

    /// Entries and cleared ranges, those being flushed left out.
    pub fn entries(&self) -> usize {
        self.entries.len() + self.cleared.len()
    }

    /// Entries that left without a trace so far.
    pub fn cancelled(&self) -> u64 {
        self.cancelled
    }
}
