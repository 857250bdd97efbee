//! Rows of held shards that a lane keeps in memory, absent ones included: true up to the version that its fences are.
//!
//! Only what was read under a fence enters, and a shard's rows leave with the shard. Bounded in bytes.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_wire::ShardId;

use crate::key;
use crate::store::{Key, Write};

/// What an entry costs beside its value, in bytes: the key and the tree's share.
const ENTRY_BYTES: usize = 96;

/// The rows.
#[derive(Debug)]
pub(super) struct RowCache {
    rows: BTreeMap<Key, Option<Bytes>>,
    bytes: usize,
    bytes_max: usize,
}

impl RowCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            rows: BTreeMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// The row of `key`: `Some(None)` when it is known to be absent.
    pub(super) fn get(&self, key: &Key) -> Option<Option<Bytes>> {
        self.rows.get(key).cloned()
    }

    pub(super) fn put(&mut self, key: Key, value: Option<Bytes>) {
        self.bytes += cost(&value);
        if let Some(old) = self.rows.insert(key, value) {
            self.bytes -= cost(&old);
        }
    }

    /// Follows what was committed, for the rows that are here.
    pub(super) fn apply(&mut self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::Insert(row) | Write::Set(row) => {
                    self.replace(&row.key, Some(row.value.clone()));
                }
                Write::Clear(key) => self.replace(key, None),
                Write::ClearRange(range) if range.begin < range.end => {
                    let here = self.rows.range(range.begin..range.end);
                    let keys: Vec<Key> = here.map(|(key, _)| *key).collect();
                    keys.iter().for_each(|key| self.replace(key, None));
                }
                Write::ClearRange(_) => {}
            }
        }
    }

    fn replace(&mut self, key: &Key, value: Option<Bytes>) {
        if self.rows.contains_key(key) {
            self.put(*key, value);
        }
    }

    /// Forgets the rows of `shards`, ascending.
    pub(super) fn forget(&mut self, shards: &[ShardId]) {
        let bytes = &mut self.bytes;
        self.rows.retain(|key, value| {
            let stays = key::home(key).is_none_or(|home| shards.binary_search(&home).is_err());
            if !stays {
                *bytes -= cost(value);
            }
            stays
        });
    }

    /// Forgets everything when over the limit. Between batches only: a batch must find what it has fetched.
    pub(super) fn bound(&mut self) {
        if self.bytes > self.bytes_max {
            self.rows.clear();
            self.bytes = 0;
        }
    }
}

fn cost(value: &Option<Bytes>) -> usize {
    ENTRY_BYTES + value.as_ref().map_or(0, Bytes::len)
}
