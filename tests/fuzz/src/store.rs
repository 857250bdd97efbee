//! `Table`: a store that is a map, for the rules to run on and for the check to read.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_storage_check::{Options, Page, RowSource, SourceError, StoredRow, check};
use ringpost_storage_core::store::{Key, KeyRange, NotFetched, Row, Rows, Snapshot, Write};
use ringpost_storage_core::{Command, Outcome, Retention, Rules, Unexecuted, execute};

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(BTreeMap<Key, Bytes>);

impl Table {
    /// Every row, by key.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Key, &Bytes)> {
        self.0.iter()
    }

    /// Puts bytes where a row is or may be.
    pub(crate) fn put(&mut self, key: Key, value: Bytes) {
        self.0.insert(key, value);
    }

    /// The key of the row after the first `place` rows, from the front again past the end; `None` in an empty table.
    pub(crate) fn key_at(&self, place: usize) -> Option<Key> {
        let count = self.0.len().max(1);
        self.0.keys().nth(place % count).copied()
    }

    /// Runs commands as one batch, all of them; `None` where a row cannot be read, and then nothing is written.
    pub(crate) fn run(
        &mut self,
        commands: &[Command],
        retention: Retention,
    ) -> Option<Vec<Outcome>> {
        let rules = Rules { retention };
        match execute(commands, &*self, &rules) {
            Ok(executed) => {
                executed
                    .writes
                    .into_iter()
                    .for_each(|write| self.write(write));
                Some(executed.outcomes)
            }
            Err(Unexecuted::Damaged(_)) => None,
            Err(Unexecuted::NotFetched(reads)) => {
                panic!("a map holds all, yet {reads:?} is wanted")
            }
        }
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Insert(row) => {
                let before = self.0.insert(row.key, row.value);
                assert!(before.is_none(), "{:?} is there already", row.key);
            }
            Write::Set(row) => drop(self.0.insert(row.key, row.value)),
            Write::Clear(key) => drop(self.0.remove(&key)),
            Write::ClearRange(range) => self.0.retain(|key, _| !range.contains(key)),
        }
    }

    /// What the check of a whole store finds, in words.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut source = Source(self);
        let report =
            check(&mut source, &Options::default(), &mut |_| {}).expect("a map can be read");
        report.findings.iter().map(ToString::to_string).collect()
    }
}

impl Snapshot for Table {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        Ok(self.0.get(key).cloned())
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let mut found = Rows::default();
        let mut bytes = 0;
        for (key, value) in self.0.range(range.begin..range.end) {
            let is_full = found.rows.len() >= rows_max as usize || bytes >= bytes_max as usize;
            if is_full && !found.rows.is_empty() {
                found.more = true;
                break;
            }
            bytes += value.len();
            found.rows.push(Row {
                key: *key,
                value: value.clone(),
            });
        }
        Ok(found)
    }
}

struct Source<'a>(&'a Table);

impl RowSource for Source<'_> {
    fn page(
        &mut self,
        begin: &[u8],
        end: &[u8],
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<Page, SourceError> {
        let mut page = Page::default();
        let mut bytes = 0;
        let is_inside = |key: &Key| key.as_slice() >= begin && key.as_slice() < end;
        for (key, value) in self.0.0.iter().filter(|(key, _)| is_inside(key)) {
            if page.rows.len() >= rows_max || (bytes >= bytes_max && !page.rows.is_empty()) {
                page.more = true;
                break;
            }
            bytes += value.len();
            page.rows.push(StoredRow {
                key: Bytes::copy_from_slice(key.as_slice()),
                value: value.clone(),
            });
        }
        Ok(page)
    }

    fn state(&mut self) -> Result<String, SourceError> {
        Ok("a map".to_owned())
    }
}
