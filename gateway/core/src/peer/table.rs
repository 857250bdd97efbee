//! `PeerTable`: entries by their keys, a bounded number. Where one more finds no place, the entry of its set that is worth the least is
//! forgotten, and counts from nothing when it comes again.
//!
//! Invariants: a key has at most one entry, in the set that its hash names; at most `PEERS_MAX` entries are ever kept.

use core::hash::{BuildHasher, Hasher};

use super::PeerKey;
use super::entry::Entry;
use crate::Now;
use crate::limits::{PEERS_AT_ONCE, PEERS_MAX};
use crate::seeded_hasher::SeededState;

/// Entries of a set: 4 lines of cache.
const WAYS: usize = 8;

const _: () = assert!(PEERS_MAX.is_power_of_two() && PEERS_AT_ONCE.is_power_of_two());
const _: () = assert!(WAYS <= PEERS_AT_ONCE && PEERS_AT_ONCE <= PEERS_MAX);

/// The entries of one core.
#[derive(Debug)]
pub(super) struct PeerTable {
    hasher: SeededState,
    /// Always a power of two, or none.
    sets: Vec<[Entry; WAYS]>,
    count: usize,
    forgotten: u64,
}

impl PeerTable {
    /// An empty table, which takes no memory. `seed` keeps peers from choosing who shares a set.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            hasher: SeededState(seed),
            sets: Vec::new(),
            count: 0,
            forgotten: 0,
        }
    }

    /// Entries in use.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Entries that there is room for.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// Entries that were forgotten while they mattered.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The entry of `key`; nobody has one.
    pub(super) fn get(&self, key: PeerKey) -> Option<&Entry> {
        let mut entries = self.sets.get(self.set_of(key))?.iter();
        entries.find(|entry| entry.key == key && !key.is_nobody())
    }

    /// As `get`.
    pub(super) fn get_mut(&mut self, key: PeerKey) -> Option<&mut Entry> {
        let set = self.set_of(key);
        let mut entries = self.sets.get_mut(set)?.iter_mut();
        entries.find(|entry| entry.key == key && !key.is_nobody())
    }

    /// The entry of `key`, which is somebody's: the one that is there, or a new one.
    pub(super) fn entry(&mut self, key: PeerKey, now: Now) -> &mut Entry {
        let (set, way) = self.place(key, now);
        let entry = &mut self.sets[set][way];
        if entry.key != key {
            *entry = Entry::of(key);
        }
        entry
    }

    /// Where `key` is, or where it is to be put: a free place, one that nothing is lost with, or a larger table; at last the place of what
    /// is worth the least.
    fn place(&mut self, key: PeerKey, now: Now) -> (usize, usize) {
        if self.sets.is_empty() {
            self.sets = vec![[Entry::default(); WAYS]; PEERS_AT_ONCE / WAYS];
        }
        loop {
            let set = self.set_of(key);
            let entries = &mut self.sets[set];
            if let Some(way) = entries.iter().position(|entry| entry.key == key) {
                return (set, way);
            }
            if let Some(way) = entries.iter().position(|entry| entry.key.is_nobody()) {
                self.count += 1;
                return (set, way);
            }
            let worths = entries.iter_mut().map(|entry| entry.worth(now)).enumerate();
            let least = worths.min_by_key(|&(_, worth)| worth);
            let (way, worth) = least.expect("a set has entries");
            if worth.is_none() {
                return (set, way);
            }
            if self.sets.len() * WAYS >= PEERS_MAX {
                self.forgotten += 1;
                return (set, way);
            }
            self.grow();
        }
    }

    /// Twice as many sets. Each set's entries go to two sets, so all find a place.
    fn grow(&mut self) {
        let sets = vec![[Entry::default(); WAYS]; self.sets.len() * 2];
        let old = core::mem::replace(&mut self.sets, sets);
        let entries = old.iter().flatten();
        for entry in entries.filter(|entry| !entry.key.is_nobody()) {
            let set = self.set_of(entry.key);
            let mut places = self.sets[set].iter_mut();
            let free = places.find(|place| place.key.is_nobody());
            *free.expect("a set's entries fit into either of its halves") = *entry;
        }
    }

    fn set_of(&self, key: PeerKey) -> usize {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u64(key.to_u64());
        // The empty table has no set: any number is beyond it.
        hasher.finish() as usize & self.sets.len().wrapping_sub(1)
    }
}
