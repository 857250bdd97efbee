//! Remembers what the tables said of keys that are asked for again and again: members, and pending rows that are not there.
//!
//! One place a key, by hash; a newer key takes it. Messages are not kept: each is read seldom. What a bite changes in the
//! tables is forgotten when the overlay lets go of it.

use bytes::Bytes;
use ringpost_storage_core::key::message;
use ringpost_storage_core::store::Key;

use crate::limits::{READ_CACHE_ROWS, READ_CACHE_VALUE_BYTES_MAX};
use crate::overlay::{Bite, messages_of};

/// What the tables said of one key; `None` inside: it is not there.
type Remembered = Option<(Key, Option<Bytes>)>;

/// The cache.
#[derive(Debug)]
pub(crate) struct ReadCache {
    places: Vec<Remembered>,
}

impl ReadCache {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            places: vec![None; READ_CACHE_ROWS],
        }
    }

    /// What the tables said of a key, if that is remembered.
    pub fn get(&self, key: &Key) -> Option<Option<Bytes>> {
        match &self.places[place(key)] {
            Some((other, value)) if other == key => Some(value.clone()),
            _ => None,
        }
    }

    /// Remembers what the tables said.
    pub fn put(&mut self, key: &Key, value: &Option<Bytes>) {
        let bytes = value.as_ref().map_or(0, Bytes::len);
        if bytes <= READ_CACHE_VALUE_BYTES_MAX && message::decode(key).is_none() {
            self.places[place(key)] = Some((*key, value.clone()));
        }
    }

    /// Forgets what a bite has changed in the tables.
    pub fn forget(&mut self, bite: &Bite) {
        match bite {
            Bite::Entries(entries) => {
                for (key, _) in entries {
                    let place = &mut self.places[place(key)];
                    if place.as_ref().is_some_and(|(other, _)| other == key) {
                        *place = None;
                    }
                }
            }
            Bite::Ranges(ranges) if ranges.iter().all(|range| messages_of(range).is_some()) => {}
            Bite::Ranges(_) => self.places.fill(None),
        }
    }
}

fn place(key: &Key) -> usize {
    crc32c::crc32c(key.as_slice()) as usize % READ_CACHE_ROWS
}

#[cfg(test)]
mod tests {
    use ringpost_storage_core::store::KeyRange;

    use super::*;

    #[test]
    fn what_a_bite_changes_is_forgotten() {
        let key = Key::of(&[b"\x03key"]);
        let mut cache = ReadCache::new();
        assert_eq!(cache.get(&key), None);
        for bite in [
            Bite::Entries(vec![(key, None)]),
            Bite::Ranges(vec![KeyRange::prefix(Key::of(&[b"\x03"]))]),
        ] {
            cache.put(&key, &None);
            assert_eq!(cache.get(&key), Some(None));
            cache.forget(&Bite::Entries(vec![(Key::of(&[b"\x03other"]), None)]));
            assert_eq!(cache.get(&key), Some(None));
            cache.forget(&bite);
            assert_eq!(cache.get(&key), None);
        }
    }
}
