//! What a batch has read and written: one entry a key, the last value, and the ranges that were cleared.
//!
//! Invariant: an entry says more than a cleared range over it, and both say more than the snapshot.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use bytes::{Bytes, BytesMut};

use super::halt::{DamagedRow, Halt};
use super::merge::merge;
use crate::arena::Arena;
use crate::row::Row;
use crate::store::{self, Key, KeyRange, Read, Rows, Snapshot, Write};

/// What is known of a key.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) value: Option<Bytes>,
    /// The store had no such row before the batch.
    was_absent: bool,
    is_written: bool,
}

impl Entry {
    /// Bytes of the write that this entry becomes.
    fn write_bytes(&self, key: &Key) -> usize {
        match &self.value {
            Some(value) if self.is_written => key.as_slice().len() + value.len(),
            None if self.is_written && !self.was_absent => key.as_slice().len(),
            _ => 0,
        }
    }

    fn into_write(self, key: Key) -> Option<Write> {
        match self.value {
            Some(value) if self.is_written && self.was_absent => {
                Some(Write::Insert(store::Row { key, value }))
            }
            Some(value) if self.is_written => Some(Write::Set(store::Row { key, value })),
            None if self.is_written && !self.was_absent => Some(Write::Clear(key)),
            _ => None,
        }
    }
}

/// What a batch leaves behind.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) writes: Vec<Write>,
    pub(crate) reads: Vec<Read>,
    pub(crate) write_bytes: usize,
}

/// The overlay.
pub(crate) struct Overlay<'s> {
    snapshot: &'s dyn Snapshot,
    entries: BTreeMap<Key, Entry>,
    /// First key and end of each cleared range; they neither overlap nor touch.
    cleared: BTreeMap<Key, Key>,
    reads: Vec<Read>,
    missing: Vec<Read>,
    arena: Arena,
    write_bytes: usize,
    read_bytes: usize,
}

impl<'s> Overlay<'s> {
    /// An empty overlay over `snapshot`.
    pub(crate) fn new(snapshot: &'s dyn Snapshot) -> Self {
        Self {
            snapshot,
            entries: BTreeMap::new(),
            cleared: BTreeMap::new(),
            reads: Vec::new(),
            missing: Vec::new(),
            arena: Arena::default(),
            write_bytes: 0,
            read_bytes: 0,
        }
    }

    /// Bytes of the writes so far.
    pub(crate) fn write_bytes(&self) -> usize {
        self.write_bytes
    }

    /// Bytes of the rows of ranges so far.
    pub(crate) fn read_bytes(&self) -> usize {
        self.read_bytes
    }

    /// What the snapshot could not say, in the order of asking.
    pub(crate) fn missing(&self) -> &[Read] {
        &self.missing
    }

    /// The row of `key`.
    pub(crate) fn row<R: Row>(&mut self, key: &Key) -> Result<Option<R>, Halt> {
        let Some(bytes) = self.bytes(key)? else {
            return Ok(None);
        };
        match R::decode(bytes) {
            Ok(row) => Ok(Some(row)),
            Err(damage) => Err(DamagedRow::of(*key, damage).into()),
        }
    }

    /// Whether there is a row of `key`.
    pub(crate) fn is_present(&mut self, key: &Key) -> Result<bool, Halt> {
        Ok(self.bytes(key)?.is_some())
    }

    fn bytes(&mut self, key: &Key) -> Result<Option<&Bytes>, Halt> {
        let slot = match self.entries.entry(*key) {
            Slot::Occupied(entry) => return Ok(entry.into_mut().value.as_ref()),
            Slot::Vacant(slot) => slot,
        };
        if is_cleared(&self.cleared, key) {
            return Ok(None);
        }
        let read = Read::Get(*key);
        let Ok(value) = self.snapshot.get(key) else {
            self.missing.push(read);
            return Err(Halt::NotFetched);
        };
        self.reads.push(read);
        let entry = Entry {
            was_absent: value.is_none(),
            value,
            is_written: false,
        };
        Ok(slot.insert(entry).value.as_ref())
    }

    /// Rows of `range` after all writes so far: at most `rows_max`, values of at most `bytes_max` together, but one row at
    /// least. `more` says that there may be further ones; fewer than the limits allow is no sign of the end.
    pub(crate) fn range(
        &mut self,
        range: &KeyRange,
        rows_max: u32,
        bytes_max: u32,
    ) -> Result<Rows, Halt> {
        let mut rest = *range;
        while rest.begin < rest.end {
            let stored = self.stored_range(&rest, rows_max, bytes_max)?;
            let written = self.entries.range(rest.begin..rest.end);
            let is_cleared = |key: &Key| is_cleared(&self.cleared, key);
            let (rows, end) = merge(&rest, stored, written, is_cleared, rows_max, bytes_max);
            if !rows.rows.is_empty() || !rows.more {
                self.read_bytes += rows.rows.iter().map(|row| row.value.len()).sum::<usize>();
                return Ok(rows);
            }
            rest.begin = end;
        }
        Ok(Rows::default())
    }

    /// As `range`, for a read that is a range.
    pub(crate) fn read_range(&mut self, read: &Read) -> Result<Rows, Halt> {
        match read {
            Read::Range {
                range,
                rows_max,
                bytes_max,
            } => self.range(range, *rows_max, *bytes_max),
            Read::Get(key) => unreachable!("{key:?} is no range"),
        }
    }

    fn stored_range(
        &mut self,
        range: &KeyRange,
        rows_max: u32,
        bytes_max: u32,
    ) -> Result<Rows, Halt> {
        let read = Read::Range {
            range: *range,
            rows_max,
            bytes_max,
        };
        let Ok(stored) = self.snapshot.range(range, rows_max, bytes_max) else {
            self.missing.push(read);
            return Err(Halt::NotFetched);
        };
        self.reads.push(read);
        Ok(stored)
    }

    /// Writes a row that was read as absent, or whose key cannot have been there.
    pub(crate) fn insert(&mut self, key: Key, row: &impl Row) {
        let value = self.encode(row);
        self.insert_bytes(key, value);
    }

    /// As `insert`, for bytes.
    pub(crate) fn insert_bytes(&mut self, key: Key, value: Bytes) {
        let was_absent = !is_cleared(&self.cleared, &key);
        self.put(key, Some(value), was_absent);
    }

    /// Writes a row, whether it is there or not.
    pub(crate) fn set(&mut self, key: Key, row: &impl Row) {
        let value = self.encode(row);
        self.put(key, Some(value), false);
    }

    /// Removes a row.
    pub(crate) fn clear(&mut self, key: Key) {
        self.put(key, None, false);
    }

    /// Bytes in the batch's arena.
    pub(crate) fn write_bytes_of(
        &mut self,
        bytes_max: usize,
        fill: impl FnOnce(&mut BytesMut),
    ) -> Bytes {
        self.arena.write(bytes_max, fill)
    }

    fn encode(&mut self, row: &impl Row) -> Bytes {
        self.arena.write(row.bytes_max(), |out| row.encode(out))
    }

    fn put(&mut self, key: Key, value: Option<Bytes>, was_absent: bool) {
        let entry = self.entries.entry(key).or_insert(Entry {
            value: None,
            was_absent,
            is_written: false,
        });
        self.write_bytes -= entry.write_bytes(&key);
        entry.value = value;
        entry.is_written = true;
        self.write_bytes += entry.write_bytes(&key);
    }

    /// Removes all rows of `range`. Those that the batch has inserted at its end never reach the store.
    ///
    /// The rows of `range` must be dense: behind the first row that the batch has inserted, the store has none.
    pub(crate) fn clear_dense_range(&mut self, mut range: KeyRange) {
        let mut first_inserted = None;
        for (key, entry) in self.entries.range_mut(range.begin..range.end) {
            self.write_bytes -= entry.write_bytes(key);
            entry.value = None;
            entry.is_written &= entry.was_absent;
            if entry.is_written && first_inserted.is_none() {
                first_inserted = Some(*key);
            }
        }
        range.end = first_inserted.unwrap_or(range.end);
        if range.begin < range.end {
            self.note_cleared(range);
        }
    }

    /// Adds a cleared range, joined with the one that ends where it begins.
    fn note_cleared(&mut self, range: KeyRange) {
        let before = self.cleared.range_mut(..=range.begin).next_back();
        match before {
            Some((_, end)) if *end >= range.begin => *end = range.end.max(*end),
            _ => {
                self.write_bytes += range.begin.as_slice().len() + range.end.as_slice().len();
                self.cleared.insert(range.begin, range.end);
            }
        }
    }

    /// The writes, at most one a key, cleared ranges first; and the reads of the snapshot.
    pub(crate) fn settle(self) -> Settled {
        let ranges = self
            .cleared
            .into_iter()
            .map(|(begin, end)| Write::ClearRange(KeyRange { begin, end }));
        let rows = self
            .entries
            .into_iter()
            .filter_map(|(key, entry)| entry.into_write(key));
        Settled {
            writes: ranges.chain(rows).collect(),
            reads: self.reads,
            write_bytes: self.write_bytes,
        }
    }
}

fn is_cleared(cleared: &BTreeMap<Key, Key>, key: &Key) -> bool {
    if cleared.is_empty() {
        return false;
    }
    let before = cleared.range(..=*key).next_back();
    before.is_some_and(|(_, end)| key < end)
}
