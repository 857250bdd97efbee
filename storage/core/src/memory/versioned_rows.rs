//! Rows with their recent history: what a key held at a version, and whether a range was written after one.
//!
//! Versions are applied in ascending order (several times the same is allowed). History up to the horizon is forgotten.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::lane::Version;
use crate::store::{Key, KeyRange, Row, Rows, Write};

/// What a key held from a version on; `None` for absent.
type Past = (Version, Option<Bytes>);

/// The rows and their history.
#[derive(Debug, Default)]
pub(super) struct VersionedRows {
    rows: BTreeMap<Key, Vec<Past>>,
    cleared: VecDeque<(Version, KeyRange)>,
    touched: VecDeque<(Version, Key)>,
}

impl VersionedRows {
    /// The value of `key` at `version`.
    pub(super) fn get(&self, key: &Key, version: Version) -> Option<Bytes> {
        value_at(self.rows.get(key)?, version)
    }

    /// Rows of `range` at `version`: at most `rows_max`, values of at most `bytes_max` together, but at least one row.
    pub(super) fn range(
        &self,
        range: &KeyRange,
        version: Version,
        rows_max: u32,
        bytes_max: u32,
    ) -> Rows {
        let mut page = Rows::default();
        let mut bytes = 0;
        if range.begin >= range.end {
            return page;
        }
        for (key, history) in self.rows.range(range.begin..range.end) {
            let Some(value) = value_at(history, version) else {
                continue;
            };
            bytes += value.len();
            let is_full = page.rows.len() >= rows_max.max(1) as usize || bytes > bytes_max as usize;
            if is_full && !page.rows.is_empty() {
                page.more = true;
                break;
            }
            page.rows.push(Row { key: *key, value });
        }
        page
    }

    /// Whether anything in `range` was written after `version`. Right for versions that are not yet forgotten.
    pub(super) fn is_written_after(&self, range: &KeyRange, version: Version) -> bool {
        if range.begin >= range.end {
            return false;
        }
        let overlaps = |other: &KeyRange| other.begin < range.end && range.begin < other.end;
        let mut rows = self.rows.range(range.begin..range.end);
        rows.any(|(_, history)| history.last().is_some_and(|(at, _)| *at > version))
            || self
                .cleared
                .iter()
                .any(|(at, other)| *at > version && overlaps(other))
    }

    /// Applies `writes` at `version`.
    pub(super) fn apply(&mut self, writes: &[Write], version: Version) {
        for write in writes {
            match write {
                Write::Insert(row) | Write::Set(row) => {
                    self.put(row.key, Some(row.value.clone()), version);
                }
                Write::Clear(key) => self.put(*key, None, version),
                Write::ClearRange(range) => self.clear(range, version),
            }
        }
    }

    fn put(&mut self, key: Key, value: Option<Bytes>, version: Version) {
        let history = self.rows.entry(key).or_default();
        match history.last_mut() {
            Some(last) if last.0 == version => last.1 = value,
            last => {
                assert!(last.is_none_or(|last| last.0 < version), "versions ascend");
                history.push((version, value));
                self.touched.push_back((version, key));
            }
        }
    }

    fn clear(&mut self, range: &KeyRange, version: Version) {
        if range.begin >= range.end {
            return;
        }
        let is_present = |history: &[Past]| value_at(history, version).is_some();
        let keys: Vec<Key> = self
            .rows
            .range(range.begin..range.end)
            .filter(|(_, history)| is_present(history))
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.put(key, None, version);
        }
        self.cleared.push_back((version, *range));
    }

    /// Forgets what was replaced at or before `horizon`.
    pub(super) fn forget(&mut self, horizon: Version) {
        while self.cleared.front().is_some_and(|(at, _)| *at <= horizon) {
            self.cleared.pop_front();
        }
        while let Some((_, key)) = self.touched.pop_front_if(|(at, _)| *at <= horizon) {
            let Some(history) = self.rows.get_mut(&key) else {
                continue;
            };
            let older = history.iter().filter(|(at, _)| *at <= horizon).count();
            history.drain(..older.saturating_sub(1));
            if matches!(history.as_slice(), [(at, None)] if *at <= horizon) {
                self.rows.remove(&key);
            }
        }
    }
}

fn value_at(history: &[Past], version: Version) -> Option<Bytes> {
    let past = history.iter().rev().find(|(at, _)| *at <= version)?;
    past.1.clone()
}
