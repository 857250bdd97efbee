//! Rows as tools read and write them, and the mark of an import that has not come to its end.

use ringpost_storage_core::key::{self, ExportId, Family};
use ringpost_storage_core::store::{Key, KeyRange, Write};

use super::scene::{insert, message, open, options, refusal, set};
use crate::{EmbeddedStore, OpenError};

#[test]
fn rows_are_read_in_pages_from_log_and_tables() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    store
        .write((1..=5).map(|seq| insert(seq, "old")).collect())
        .unwrap();
    store.flush().unwrap();
    store
        .write(vec![set(message(2), "new"), Write::Clear(message(4))])
        .unwrap();
    let messages = KeyRange::prefix(Key::of(&[&[Family::Message as u8]]));
    let mut rest = messages;
    let mut found = Vec::new();
    loop {
        let page = store.rows(&rest, 2, 1_000).unwrap();
        found.extend(page.rows);
        if !page.more {
            break;
        }
        rest.begin = found
            .last()
            .expect("a page before another has rows")
            .key
            .next();
    }
    let found: Vec<_> = found.iter().map(|row| (row.key, &row.value[..])).collect();
    let expected = [(1, "old"), (2, "new"), (3, "old"), (5, "old")];
    let expected = expected.map(|(seq, value)| (message(seq), value.as_bytes()));
    assert_eq!(found, expected);
}

#[test]
fn the_last_commit_tells_whether_something_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let id = store.id();
    store.write(vec![insert(1, "a")]).unwrap();
    let before = store.last_commit();
    drop(store);
    let mut store = open(folder.path());
    assert_eq!((store.id(), store.last_commit()), (id, before));
    store.flush().unwrap();
    assert_eq!(store.last_commit(), before);
    store.write(vec![insert(2, "b")]).unwrap();
    assert!(store.last_commit() > before);
}

#[test]
fn a_store_with_an_unfinished_import_is_for_tools_only() {
    let folder = tempfile::tempdir().unwrap();
    let key = key::import::encode(ExportId([1; 16]));
    open(folder.path())
        .write(vec![set(key, "progress")])
        .unwrap();
    let refused = refusal(folder.path());
    assert!(
        matches!(refused, OpenError::UnfinishedImport { .. }),
        "{refused}"
    );
    let mut store = EmbeddedStore::open_even_unfinished(options(folder.path())).unwrap();
    store.write(vec![Write::Clear(key)]).unwrap();
    drop(store);
    open(folder.path());
}
