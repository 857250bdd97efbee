//! Overlay and tables together against a plain map, with flushes cut anywhere and starts in between.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use ringpost_storage_core::key;
use ringpost_storage_core::store::{Key, KeyRange, Row, Snapshot as _, Write};

use super::{CHAT, message, open};
use crate::EmbeddedStore;

const KEYS: u64 = 12;

#[derive(Clone, Debug)]
enum Step {
    /// One commit of these changes.
    Commit(Vec<Change>),
    /// So many jobs of a flush.
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
        3 => (1..4usize).prop_map(Step::Flush),
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

fn take_step(
    step: &Step,
    store: EmbeddedStore,
    model: &mut Model,
    folder: &std::path::Path,
) -> EmbeddedStore {
    let mut store = store;
    match step {
        Step::Commit(changes) => {
            let writes = changes.iter().map(|change| apply(change, model)).collect();
            store.commit_writes(writes).unwrap();
        }
        Step::Flush(jobs) => {
            for _ in 0..*jobs {
                if !store.flush_one_job() {
                    break;
                }
            }
        }
        Step::Reopen => {
            drop(store);
            store = open(folder);
        }
        Step::Read(from, to, rows_max, bytes_max) => {
            let range = key::message::range(CHAT, *from, *to);
            let page = store.view().range(&range, *rows_max, *bytes_max).unwrap();
            assert_eq!(
                (page.rows, page.more),
                read(model, &range, *rows_max, *bytes_max)
            );
        }
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_map(steps in prop::collection::vec(steps(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let mut model = Model::new();
        let mut store = open(folder.path());
        for step in &steps {
            store = take_step(step, store, &mut model, folder.path());
            assert_same(&store, &model);
        }
        store.flush().unwrap();
        assert_same(&store, &model);
        prop_assert_eq!(store.metrics().overlay_bytes.load(std::sync::atomic::Ordering::Relaxed), 0);
    }
}
