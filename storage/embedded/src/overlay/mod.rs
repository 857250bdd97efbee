//! Writes that are committed and not yet in the tables, in memory: what they say goes before what the tables say.
//!
//! Three layers, newest first: entries, cleared ranges, and the bite that is being flushed. A write leaves only when the
//! tables have it or a later write has taken its place. An insert that is cleared in time leaves no trace.

mod apply;
mod bite;
mod cleared;
mod lookup;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ringpost_storage_core::store::Key;

pub(crate) use bite::{Bite, Walk};
use cleared::ClearedRanges;
pub(crate) use lookup::Found;

/// Bytes that an entry takes beside its value: its place in the tree, and the value's own allocation.
pub(crate) const ENTRY_BYTES: usize = 176;

/// The overlay.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    entries: BTreeMap<Key, Entry>,
    cleared: ClearedRanges,
    flushing: Option<Arc<Bite>>,
    value_bytes: usize,
    cancelled: u64,
}

/// The last write of a key.
#[derive(Debug)]
struct Entry {
    /// `None`: it was cleared.
    value: Option<Bytes>,
    /// The record since which the tables are behind for this key.
    since: u64,
    /// The bite being flushed or the tables may hold the key.
    is_below: bool,
}

impl Overlay {
    /// Bytes of memory that it holds.
    pub fn bytes(&self) -> usize {
        let flushing = self.flushing.as_ref().map_or(0, |bite| bite.bytes());
        self.value_bytes + self.entries.len() * ENTRY_BYTES + self.cleared.bytes() + flushing
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
