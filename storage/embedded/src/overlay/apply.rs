//! Applies one write to the overlay.

use std::collections::btree_map::Entry as Slot;

use bytes::Bytes;
use ringpost_storage_core::key::message;
use ringpost_storage_core::store::{Key, KeyRange, Write};

use super::layers::{Entry, Overlay};

impl Overlay {
    /// Applies a write of `record`, which is in the log.
    pub fn apply(&mut self, write: Write, record: u64) {
        match write {
            Write::Insert(row) => self.put(row.key, row.value, record, false),
            Write::Set(row) => self.put(row.key, row.value, record, true),
            Write::Clear(key) => self.clear(key, record),
            Write::ClearRange(range) => self.clear_range(range, record),
        }
    }

    /// Applies a write found in the log at start-up. The tables may hold any of it: a flush may have got half way.
    pub fn apply_replayed(&mut self, write: Write, record: u64) {
        match write {
            Write::Insert(row) => self.put(row.key, row.value, record, true),
            other => self.apply(other, record),
        }
    }

    fn put(&mut self, key: Key, value: Bytes, record: u64, is_below: bool) {
        let value = alone(value);
        self.value_bytes += value.len();
        match self.entries.entry(key) {
            Slot::Occupied(slot) => {
                let entry = slot.into_mut();
                self.value_bytes -= entry.value.as_ref().map_or(0, Bytes::len);
                entry.value = Some(value);
            }
            Slot::Vacant(slot) => {
                slot.insert(Entry {
                    value: Some(value),
                    since: record,
                    is_below,
                });
            }
        }
    }

    fn clear(&mut self, key: Key, record: u64) {
        match self.entries.entry(key) {
            Slot::Occupied(slot) if !slot.get().is_below => {
                let entry = slot.remove();
                self.value_bytes -= entry.value.as_ref().map_or(0, Bytes::len);
                self.cancelled += 1;
            }
            Slot::Occupied(slot) => {
                let value = slot.into_mut().value.take();
                self.value_bytes -= value.as_ref().map_or(0, Bytes::len);
            }
            Slot::Vacant(_) if self.cleared.covers(&key) => {}
            Slot::Vacant(slot) => {
                slot.insert(Entry {
                    value: None,
                    since: record,
                    is_below: true,
                });
            }
        }
    }

    /// The range itself is kept unless every key that it can hold was here and nowhere below.
    fn clear_range(&mut self, range: KeyRange, record: u64) {
        if range.begin >= range.end {
            return;
        }
        let mut only_here = 0;
        for (_, entry) in self.entries.extract_if(range.begin..range.end, |_, _| true) {
            self.value_bytes -= entry.value.as_ref().map_or(0, Bytes::len);
            only_here += u64::from(!entry.is_below);
        }
        self.cancelled += only_here;
        if messages_of(&range) != Some(only_here) {
            self.cleared.add(range, record);
        }
    }
}

/// How many keys a range of one chat's messages can hold; `None` for any other range.
pub(crate) fn messages_of(range: &KeyRange) -> Option<u64> {
    let (first_chat, first) = message::decode(&range.begin)?;
    let (last_chat, end) = message::decode(&range.end)?;
    (first_chat == last_chat).then(|| end.saturating_sub(first))
}

/// A value that holds no more memory than its own: slices of a batch's arena are copied, or one small row would keep all of
/// the arena for as long as the row stays here.
fn alone(value: Bytes) -> Bytes {
    if value.is_unique() {
        return value;
    }
    Bytes::copy_from_slice(&value)
}
