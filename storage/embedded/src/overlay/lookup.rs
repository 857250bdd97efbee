//! What the overlay says of a key, and its part of a range read.

use std::iter::Peekable;

use bytes::Bytes;
use ringpost_storage_core::store::{Key, KeyRange};

use super::apply::messages_of;
use super::layers::{Entry, Overlay};

/// What the overlay says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its value.
    Value(Bytes),
    /// It is not there, whatever the tables say.
    Cleared,
    /// The tables are to be asked.
    Unknown,
}

impl Overlay {
    /// What is said of a key.
    pub fn get(&self, key: &Key) -> Found {
        let said = match self.entries.get(key) {
            Some(entry) => Some(entry.value.clone()),
            None if self.cleared.covers(key) => Some(None),
            None => self.flushing.as_ref().and_then(|bite| bite.get(key)),
        };
        match said {
            Some(Some(value)) => Found::Value(value),
            Some(None) => Found::Cleared,
            None => Found::Unknown,
        }
    }

    /// Whether a key of the tables is gone because of a cleared range.
    pub fn clears(&self, key: &Key) -> bool {
        self.cleared.covers(key) || self.flushing.as_ref().is_some_and(|bite| bite.clears(key))
    }

    /// Whether every key that a range can hold has an entry: the tables need not be asked.
    pub fn holds_all(&self, range: &KeyRange) -> bool {
        let most = messages_of(range).filter(|most| *most <= self.entries.len() as u64);
        most.is_some_and(|most| self.entries.range(range.begin..range.end).count() as u64 == most)
    }

    /// Keys of a range, ascending, with what is said of each.
    pub fn range<'a>(
        &'a self,
        range: &KeyRange,
    ) -> impl Iterator<Item = (Key, Option<&'a Bytes>)> + use<'a> {
        let newer = self.entries.range(range.begin..range.end);
        let older = self
            .flushing
            .as_ref()
            .map_or(&[][..], |bite| bite.entries(range));
        Merged {
            newer: newer.peekable(),
            older: older.iter().peekable(),
            overlay: self,
        }
    }
}

/// Entries merged with those of the bite being flushed, which they cover.
struct Merged<'a> {
    newer: Peekable<std::collections::btree_map::Range<'a, Key, Entry>>,
    older: Peekable<std::slice::Iter<'a, (Key, Option<Bytes>)>>,
    overlay: &'a Overlay,
}

impl<'a> Iterator for Merged<'a> {
    type Item = (Key, Option<&'a Bytes>);

    fn next(&mut self) -> Option<Self::Item> {
        let newer = self.newer.peek().map(|(key, _)| **key);
        let older = self.older.peek().map(|(key, _)| *key);
        let is_older = match (newer, older) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(newer), Some(older)) => older < newer,
        };
        if is_older {
            let (key, value) = self.older.next()?;
            let value = value.as_ref().filter(|_| !self.overlay.cleared.covers(key));
            return Some((*key, value));
        }
        if newer == older {
            self.older.next();
        }
        let (key, entry) = self.newer.next()?;
        Some((*key, entry.value.as_ref()))
    }
}
