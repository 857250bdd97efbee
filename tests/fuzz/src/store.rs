//! `Table`: a store that is a map, for the rules to run on and for the check to read.

use bytes::Bytes;
use ringpost_engine_tests::Map;
use ringpost_storage_check::{Options, Page, RowSource, SourceError, StoredRow, check};
use ringpost_storage_core::store::{Key, Write};
use ringpost_storage_core::{Command, Executed, Outcome, Retention, Rules, Unexecuted, execute};

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Map);

impl Table {
    /// Every row, by key.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Key, &Bytes)> {
        self.0.0.iter()
    }

    /// Puts bytes where a row is or may be.
    pub(crate) fn put(&mut self, key: Key, value: Bytes) {
        self.0.0.insert(key, value);
    }

    /// The key of the row after the first `place` rows, from the front again past the end; `None` in an empty table.
    pub(crate) fn key_at(&self, place: usize) -> Option<Key> {
        let rows = &self.0.0;
        rows.keys().nth(place % rows.len().max(1)).copied()
    }

    /// Runs commands to the last, in as many batches as they need; `None` where a row cannot be read, and then nothing of that batch is
    /// written.
    pub(crate) fn run(
        &mut self,
        commands: &[Command],
        retention: Retention,
    ) -> Option<Vec<Outcome>> {
        let rules = Rules { retention };
        let mut outcomes = Vec::with_capacity(commands.len());
        while outcomes.len() < commands.len() {
            match execute(&commands[outcomes.len()..], &self.0, &rules) {
                Ok(executed) => outcomes.extend(self.apply(executed)),
                Err(Unexecuted::Damaged(_)) => return None,
                Err(Unexecuted::NotFetched(reads)) => {
                    panic!("a map holds all, yet {reads:?} is wanted")
                }
            }
        }
        Some(outcomes)
    }

    fn apply(&mut self, executed: Executed) -> Vec<Outcome> {
        assert!(
            !executed.outcomes.is_empty(),
            "a batch does at least its first command"
        );
        for write in executed.writes {
            if let Write::Insert(row) = &write {
                let is_new = !self.0.0.contains_key(&row.key);
                assert!(is_new, "{:?} is there already", row.key);
            }
            self.0.write(write);
        }
        executed.outcomes
    }

    /// What the check of a whole store finds, in words.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut source = Source(self);
        let report =
            check(&mut source, &Options::default(), &mut |_| {}).expect("a map can be read");
        report.findings.iter().map(ToString::to_string).collect()
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
        for (key, value) in self.0.rows().filter(|(key, _)| is_inside(key)) {
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
