//! A store of rows in memory, to be spoilt; and what the check says of it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ringpost_engine_tests::MapEngine;
use ringpost_storage_check::{
    FindingKind, Options, OwnRow, Page, Report, RowSource, SourceError, StoredRow, check,
};
use ringpost_storage_core::row::Row;
use ringpost_storage_core::store::Key;

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub struct MapRows {
    /// All rows.
    pub map: BTreeMap<Bytes, Bytes>,
    /// Rows that its engine keeps beside them, if it keeps any.
    pub own: Option<Vec<OwnRow>>,
    /// Its state is never the same twice.
    pub moves: bool,
    asked: u64,
}

impl MapRows {
    /// The rows of an engine.
    pub fn of(engine: &MapEngine) -> Self {
        let rows = engine.rows().iter();
        let rows = rows.map(|(key, value)| (Bytes::copy_from_slice(key.as_slice()), value.clone()));
        Self {
            map: rows.collect(),
            ..Self::default()
        }
    }

    /// A store of these rows.
    pub fn of_rows(rows: Vec<ringpost_storage_core::store::Row>) -> Self {
        let mut store = Self::default();
        for row in rows {
            store.put(&row.key, row.value);
        }
        store
    }

    /// The row of a key that is there.
    pub fn row<R: Row>(&self, key: &Key) -> R {
        let value = self.map.get(key.as_slice()).expect("the row is there");
        R::decode(value).expect("the row is whole")
    }

    /// Changes the row of a key that is there.
    pub fn change<R: Row>(&mut self, key: &Key, change: impl FnOnce(&mut R)) {
        let mut row = self.row(key);
        change(&mut row);
        self.put(key, row.to_bytes());
    }

    /// Sets a value.
    pub fn put(&mut self, key: &Key, value: impl Into<Bytes>) {
        let key = Bytes::copy_from_slice(key.as_slice());
        self.map.insert(key, value.into());
    }

    /// Removes a row that is there.
    pub fn remove(&mut self, key: &Key) {
        assert!(
            self.map.remove(key.as_slice()).is_some(),
            "the row is there"
        );
    }

    /// What the check says.
    pub fn report(&mut self, sort_bytes: usize) -> Report {
        let options = Options {
            sort_bytes,
            ..Options::default()
        };
        let report = check(self, &options, &mut |_| {}).expect("a map can be read");
        let rows: u64 = report.rows.values().sum();
        let there = self.map.len() + self.own.as_ref().map_or(0, Vec::len);
        assert_eq!(rows, there as u64, "every row is read once");
        report
    }

    /// The kinds of what is found.
    pub fn kinds(&mut self) -> BTreeSet<FindingKind> {
        let report = self.report(1 << 20);
        report.counts.into_keys().collect()
    }
}

impl RowSource for MapRows {
    /// Pages are small, so that every group of rows crosses them.
    fn page(
        &mut self,
        begin: &[u8],
        end: &[u8],
        _rows_max: usize,
        _bytes_max: usize,
    ) -> Result<Page, SourceError> {
        let range = Bytes::copy_from_slice(begin)..Bytes::copy_from_slice(end);
        let mut rows = self.map.range(range).map(|(key, value)| StoredRow {
            key: key.clone(),
            value: value.clone(),
        });
        Ok(Page {
            rows: rows.by_ref().take(3).collect(),
            more: rows.next().is_some(),
        })
    }

    fn own_rows(&mut self, tell: &mut dyn FnMut(OwnRow)) -> Result<bool, SourceError> {
        self.own.iter().flatten().cloned().for_each(tell);
        Ok(self.own.is_some())
    }

    fn state(&mut self) -> Result<String, SourceError> {
        self.asked += 1;
        Ok(if self.moves { self.asked } else { 0 }.to_string())
    }
}
