//! A bite: the part of the overlay that is being flushed. It serves reads until the tables have it.

use std::sync::Arc;

use bytes::Bytes;
use ringpost_storage_core::store::{Key, KeyRange};

use super::layers::{ENTRY_BYTES, Overlay};
use crate::limits::{BITE_BYTES_MAX, BITE_ENTRIES_MAX, BITE_RANGES_MAX};

/// Part of the overlay on its way to the tables.
#[derive(Debug)]
pub(crate) enum Bite {
    /// Disjoint ranges to be cleared, ascending.
    Ranges(Vec<KeyRange>),
    /// Keys with their values, ascending; `None` is to be cleared.
    Entries(Vec<(Key, Option<Bytes>)>),
}

impl Bite {
    /// Bytes of memory that it holds.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Ranges(ranges) => ranges.len() * size_of::<KeyRange>(),
            Self::Entries(entries) => entries
                .iter()
                .map(|(_, value)| ENTRY_BYTES + value.as_ref().map_or(0, Bytes::len))
                .sum(),
        }
    }

    /// What it says of a key: `Some(None)` is cleared.
    pub(super) fn get(&self, key: &Key) -> Option<Option<Bytes>> {
        match self {
            Self::Ranges(_) => self.clears(key).then_some(None),
            Self::Entries(entries) => {
                let index = entries.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
                Some(entries[index].1.clone())
            }
        }
    }

    /// Whether one of its ranges covers a key.
    pub(super) fn clears(&self, key: &Key) -> bool {
        let Self::Ranges(ranges) = self else {
            return false;
        };
        let after = ranges.partition_point(|range| range.begin <= *key);
        after > 0 && *key < ranges[after - 1].end
    }

    /// Its entries in a range.
    pub(super) fn entries(&self, range: &KeyRange) -> &[(Key, Option<Bytes>)] {
        let Self::Entries(entries) = self else {
            return &[];
        };
        let begin = entries.partition_point(|(key, _)| *key < range.begin);
        let end = entries.partition_point(|(key, _)| *key < range.end);
        &entries[begin..end.max(begin)]
    }
}

/// How far one walk over the overlay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Cleared ranges, after the one with this begin.
    Ranges(Option<Key>),
    /// Entries, after this key.
    Entries(Option<Key>),
    /// All was looked at.
    Done,
}

impl Overlay {
    /// Takes the next bite of what is older than or as old as record `bound`, and moves the walk on. `None`: nothing was due
    /// in the part looked at. Ranges go before all entries, which are newer. The bite before must have been flushed.
    pub fn take_bite(&mut self, walk: &mut Walk, bound: u64) -> Option<Arc<Bite>> {
        assert!(self.flushing.is_none(), "one bite at a time");
        let bite = match *walk {
            Walk::Done => return None,
            Walk::Ranges(after) => {
                let (ranges, next) = self.cleared.take(after, bound, BITE_RANGES_MAX);
                *walk = next.map_or(Walk::Entries(None), |next| Walk::Ranges(Some(next)));
                (!ranges.is_empty()).then_some(Bite::Ranges(ranges))
            }
            Walk::Entries(after) => {
                let (entries, next) = self.take_entries(after, bound);
                *walk = next.map_or(Walk::Done, |next| Walk::Entries(Some(next)));
                (!entries.is_empty()).then_some(Bite::Entries(entries))
            }
        };
        let bite = Arc::new(bite?);
        if !cfg!(planted = "overlay_dropped_before_flush") {
            self.flushing_bytes = bite.bytes();
            self.flushing = Some(Arc::clone(&bite));
        }
        Some(bite)
    }

    /// The tables have the bite: it need not be kept.
    pub fn bite_is_flushed(&mut self) {
        self.flushing_bytes = 0;
        self.flushing = None;
    }

    fn take_entries(
        &mut self,
        after: Option<Key>,
        bound: u64,
    ) -> (Vec<(Key, Option<Bytes>)>, Option<Key>) {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let mut due = Vec::new();
        let mut bytes = 0;
        let mut looked_at = 0;
        let mut next = None;
        for (key, entry) in self.entries.range((from, Unbounded)) {
            if looked_at == BITE_ENTRIES_MAX || bytes >= BITE_BYTES_MAX {
                break;
            }
            looked_at += 1;
            next = Some(*key);
            if entry.since <= bound {
                bytes += entry.value.as_ref().map_or(0, Bytes::len);
                due.push(*key);
            }
        }
        let is_last = looked_at < BITE_ENTRIES_MAX && bytes < BITE_BYTES_MAX;
        let taken = due
            .into_iter()
            .filter_map(|key| self.entries.remove_entry(&key))
            .map(|(key, entry)| (key, entry.value))
            .collect();
        self.value_bytes -= bytes;
        (taken, if is_last { None } else { next })
    }
}
