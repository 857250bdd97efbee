//! Stores, rows and stores that fail, for the tests.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use ringpost_engine_tests::people::{device, message, send, two};
use ringpost_engine_tests::{Engine, MapEngine};
use ringpost_storage_check::{Page, RowSource, SourceError, StoredRow, check};
use ringpost_storage_core::key::ExportId;
use ringpost_storage_core::{Command, Retention, Rules};

use crate::store::{EmbeddedRows, RowSink};
use crate::transfer::{ExportOptions, Stamp};

/// What every export of the tests is called.
pub const STAMP: Stamp = Stamp {
    id: ExportId([9; 16]),
    now_ms: 1_700_000_000_000,
};

/// A store in memory, which fails after some calls.
#[derive(Clone, Debug, Default)]
pub struct MapStore {
    pub rows: BTreeMap<Bytes, Bytes>,
    pub state: String,
    /// Calls that still succeed; `None` for all.
    pub calls_left: Option<u32>,
    /// A commit that fails is done nevertheless.
    pub fails_late: bool,
}

impl MapStore {
    /// Ann and Bob, and `messages` between them, of which Bob has one in ten.
    pub fn with_messages(messages: u64) -> Self {
        let mut engine = MapEngine::new(Rules {
            retention: Retention::UntilDelivered,
        });
        let chat = two(&mut engine);
        let commands =
            (1..=messages).map(|number| send(device("ann", 1), &message(chat, number, number)));
        engine.run(commands.collect());
        engine.run(vec![Command::Acknowledge {
            device: device("bob", 1),
            chat,
            seq: messages / 10,
        }]);
        let rows = engine.rows().iter();
        let rows = rows.map(|(key, value)| (Bytes::copy_from_slice(key.as_slice()), value.clone()));
        Self {
            rows: rows.collect(),
            ..Self::default()
        }
    }

    fn call(&mut self) -> Result<(), SourceError> {
        match &mut self.calls_left {
            Some(0) => Err(SourceError::told("the store is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The same rows, with every call answered.
    pub fn whole(&self) -> Self {
        Self {
            calls_left: None,
            ..self.clone()
        }
    }
}

impl RowSource for MapStore {
    fn page(
        &mut self,
        begin: &[u8],
        end: &[u8],
        rows_max: usize,
        _bytes_max: usize,
    ) -> Result<Page, SourceError> {
        self.call()?;
        let range = Bytes::copy_from_slice(begin)..Bytes::copy_from_slice(end);
        let mut rows = self.rows.range(range).map(|(key, value)| StoredRow {
            key: key.clone(),
            value: value.clone(),
        });
        Ok(Page {
            rows: rows.by_ref().take(rows_max).collect(),
            more: rows.next().is_some(),
        })
    }

    fn state(&mut self) -> Result<String, SourceError> {
        self.call()?;
        Ok(self.state.clone())
    }
}

impl RowSink for MapStore {
    fn apply(&mut self, sets: Vec<StoredRow>, clears: &[Bytes]) -> Result<(), SourceError> {
        let called = self.call();
        if called.is_err() && !self.fails_late {
            return called;
        }
        self.rows
            .extend(sets.into_iter().map(|row| (row.key, row.value)));
        for key in clears {
            self.rows.remove(key);
        }
        called
    }
}

/// Options of an export to `file`, with a checkpoint after each block.
pub fn options(file: &Path) -> ExportOptions {
    ExportOptions {
        file: file.to_owned(),
        is_restart: false,
        checkpoint_blocks: 1,
    }
}

/// An export of `store`, made in one go.
pub fn exported(store: &MapStore, file: &Path) {
    crate::transfer::export(&mut store.whole(), &options(file), STAMP, &mut |_, _| {})
        .expect("the store is whole");
}

/// All rows that a source has.
pub fn all_rows(source: &mut dyn RowSource) -> BTreeMap<Bytes, Bytes> {
    let mut rows = BTreeMap::new();
    let mut begin = Vec::new();
    loop {
        let page = source.page(&begin, &[0xff], 100, 1 << 20);
        let page = page.expect("the source is whole");
        if let Some(row) = page.rows.last() {
            begin = [&row.key[..], &[0]].concat();
        }
        rows.extend(page.rows.into_iter().map(|row| (row.key, row.value)));
        if !page.more {
            return rows;
        }
    }
}

/// The check finds nothing in a store.
#[track_caller]
pub fn assert_good(source: &mut dyn RowSource) {
    let report = check(source, &Default::default(), &mut |_| {});
    assert_eq!(report.expect("the store can be read").findings, []);
}

/// An embedded store in a node's data directory.
pub fn embedded(data: &Path) -> EmbeddedRows {
    EmbeddedRows::open_or_make(data).expect("the folder is a good store")
}
