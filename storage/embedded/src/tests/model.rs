//! Overlay and tables together against a plain map, with flushes cut anywhere and starts in between.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use ringpost_storage_core::key;
use ringpost_storage_core::store::{Key, KeyRange, Row, Snapshot as _, Write};

use super::scene::{CHAT, message, open};
use crate::EmbeddedStore;
use crate::flusher::Job;

const KEYS: u64 = 12;

#[derive(Clone, Debug)]
enum Step {
    /// One commit of these changes.
    Commit(Vec<Change>),
    /// So many halves of flush jobs: each is taken first and done later.
    Flush(usize),
    /// Drop the store and open it.
    Reopen,
    /// Read a page from here to there with these limits.
    Read(u64, u64, u32, u32),
}

#[derive(Clone, Debug)]
enum Change {
    Put(u64, u8),
    Clear(u64),
    ClearRange(u64, u64),
    ClearChat,
    /// A key of another family.
    Head(u8),
    ClearHead,
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0..KEYS, any::<u8>()).prop_map(|(key, value)| Change::Put(key, value)),
        3 => (0..KEYS).prop_map(Change::Clear),
        3 => (0..KEYS, 0..KEYS).prop_map(|(a, b)| Change::ClearRange(a.min(b), a.max(b))),
        1 => Just(Change::ClearChat),
        1 => any::<u8>().prop_map(Change::Head),
        1 => Just(Change::ClearHead),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(changes(), 1..6).prop_map(Step::Commit),
        3 => (1..6usize).prop_map(Step::Flush),
        1 => Just(Step::Reopen),
        3 => (0..KEYS, 0..KEYS, 1..6u32, 0..200u32)
            .prop_map(|(a, b, rows, bytes)| Step::Read(a.min(b), a.max(b), rows, bytes)),
    ]
}

type Model = BTreeMap<Key, Bytes>;

fn chat_range() -> KeyRange {
    KeyRange {
        begin: message(0),
        end: message(0).prefix_end().max(message(u64::MAX)),
    }
}

/// The write that a script would make of a change, and the change of the model.
fn apply(change: &Change, model: &mut Model) -> Write {
    let head = key::head::encode(CHAT);
    match *change {
        Change::Put(seq, value) => put(message(seq), value, model),
        Change::Head(value) => put(head, value, model),
        Change::Clear(seq) => clear(message(seq), model),
        Change::ClearHead => clear(head, model),
        Change::ClearRange(from, to) => clear_range(key::message::range(CHAT, from, to), model),
        Change::ClearChat => clear_range(chat_range(), model),
    }
}

fn put(key: Key, value: u8, model: &mut Model) -> Write {
    let row = Row {
        key,
        value: Bytes::from(vec![value; usize::from(value % 64)]),
    };
    match model.insert(key, row.value.clone()) {
        None => Write::Insert(row),
        Some(_) => Write::Set(row),
    }
}

fn clear(key: Key, model: &mut Model) -> Write {
    model.remove(&key);
    Write::Clear(key)
}

fn clear_range(range: KeyRange, model: &mut Model) -> Write {
    model.retain(|key, _| !range.contains(key));
    Write::ClearRange(range)
}

fn read(model: &Model, range: &KeyRange, rows_max: u32, bytes_max: u32) -> (Vec<Row>, bool) {
    let mut rows: Vec<Row> = Vec::new();
    let mut bytes = 0;
    for (key, value) in model.range(range.begin..range.end) {
        bytes += value.len();
        let is_full = rows.len() >= rows_max as usize || bytes > bytes_max as usize;
        if is_full && !rows.is_empty() {
            return (rows, true);
        }
        rows.push(Row {
            key: *key,
            value: value.clone(),
        });
    }
    (rows, false)
}

fn assert_same(store: &EmbeddedStore, model: &Model) {
    let view = store.view();
    for key in (0..KEYS).map(message).chain([key::head::encode(CHAT)]) {
        assert_eq!(view.get(&key).unwrap().as_ref(), model.get(&key), "{key:?}");
    }
    let all = view.range(&chat_range(), 1_000, u32::MAX).unwrap();
    assert_eq!(
        (all.rows, all.more),
        read(model, &chat_range(), 1_000, u32::MAX)
    );
}

/// A store with the flush job that it has handed out.
struct Harness {
    store: EmbeddedStore,
    job: Option<Job>,
    model: Model,
}

impl Harness {
    fn take_step(mut self, step: &Step, folder: &std::path::Path) -> Self {
        match step {
            Step::Commit(changes) => {
                let model = &mut self.model;
                let writes = changes.iter().map(|change| apply(change, model)).collect();
                self.store.commit_writes_amid_flush(writes).unwrap();
            }
            Step::Flush(halves) => (0..*halves).for_each(|_| self.flush_half()),
            Step::Reopen => {
                drop(self.store);
                self.store = open(folder);
                self.job = None;
            }
            Step::Read(from, to, rows_max, bytes_max) => {
                let range = key::message::range(CHAT, *from, *to);
                let page = self.store.view().range(&range, *rows_max, *bytes_max);
                let page = page.unwrap();
                assert_eq!(
                    (page.rows, page.more),
                    read(&self.model, &range, *rows_max, *bytes_max)
                );
            }
        }
        assert_same(&self.store, &self.model);
        self
    }

    /// Takes a job, or does the one that was taken.
    fn flush_half(&mut self) {
        match self.job.take() {
            Some(job) => self.store.do_job(&job),
            None => self.job = self.store.take_job(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_map(steps in prop::collection::vec(steps(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let mut harness = Harness {
            store: open(folder.path()),
            job: None,
            model: Model::new(),
        };
        for step in &steps {
            harness = harness.take_step(step, folder.path());
        }
        if let Some(job) = harness.job.take() {
            harness.store.do_job(&job);
        }
        harness.store.flush().unwrap();
        assert_same(&harness.store, &harness.model);
        let bytes = &harness.store.metrics().overlay_bytes;
        prop_assert_eq!(bytes.load(std::sync::atomic::Ordering::Relaxed), 0);
    }
}
