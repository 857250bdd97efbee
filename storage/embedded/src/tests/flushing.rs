//! What reaches the tables, what never does, and what becomes of the log behind it.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use ringpost_storage_core::key;
use ringpost_storage_core::store::Write;

use super::scene::{CHAT, get, insert, message, open, options, set};
use crate::{EmbeddedStore, Options};

fn files(folder: &Path, kind: &str) -> usize {
    fs::read_dir(folder.join("log"))
        .unwrap()
        .filter(|entry| {
            let path = entry.as_ref().unwrap().path();
            path.extension().is_some_and(|extension| extension == kind)
        })
        .count()
}

#[test]
fn what_is_cleared_in_time_never_reaches_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for seq in 1..=40 {
        store.write(vec![insert(seq, "value")]).unwrap();
    }
    for seq in 1..=20 {
        store.write(vec![Write::Clear(message(seq))]).unwrap();
    }
    store
        .write(vec![Write::ClearRange(key::message::range(CHAT, 21, 40))])
        .unwrap();
    store.flush().unwrap();
    let metrics = store.metrics();
    assert_eq!(metrics.flushed_entries.load(Relaxed), 0);
    assert_eq!(metrics.cancelled_entries.load(Relaxed), 40);
    assert_eq!(metrics.overlay_entries.load(Relaxed), 0);
    assert_eq!(metrics.overlay_bytes.load(Relaxed), 0);
    assert_eq!(metrics.flush_backlog_bytes.load(Relaxed), 0);
}

#[test]
fn a_head_overwritten_a_hundred_times_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let head = key::head::encode(CHAT);
    for round in 0..100 {
        store.write(vec![set(head, &round.to_string())]).unwrap();
    }
    store.flush().unwrap();
    assert_eq!(store.metrics().flushed_entries.load(Relaxed), 1);
    assert_eq!(get(&store, head).as_deref(), Some(&b"99"[..]));
    drop(store);
    assert_eq!(get(&open(folder.path()), head).as_deref(), Some(&b"99"[..]));
}

#[test]
fn what_is_cleared_late_leaves_the_tables_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for seq in 1..=6 {
        store.write(vec![insert(seq, "value")]).unwrap();
    }
    store.flush().unwrap();
    store
        .write(vec![Write::Clear(message(1)), Write::Clear(message(2))])
        .unwrap();
    store
        .write(vec![Write::ClearRange(key::message::range(CHAT, 3, 5))])
        .unwrap();
    let seen = |store: &EmbeddedStore| -> Vec<u64> {
        (1..=6)
            .filter(|seq| get(store, message(*seq)).is_some())
            .collect()
    };
    assert_eq!(seen(&store), [6]);
    store.flush().unwrap();
    assert_eq!(store.metrics().flushed_entries.load(Relaxed), 6 + 5);
    assert_eq!(seen(&store), [6]);
    drop(store);
    assert_eq!(seen(&open(folder.path())), [6]);
}

#[test]
fn segments_are_retired_after_a_flush_and_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let small = || Options {
        segment_bytes: 4 << 10,
        ..options(folder.path())
    };
    let mut store = EmbeddedStore::open(small()).unwrap();
    let value = "x".repeat(1_500);
    for seq in 1..=20 {
        store.write(vec![insert(seq, &value)]).unwrap();
    }
    let before = files(folder.path(), "log");
    assert!(before >= 8, "{before} segments");
    store.flush().unwrap();
    assert_eq!(files(folder.path(), "log"), 1);
    assert_eq!(files(folder.path(), "spare"), 2);
    assert_eq!(store.metrics().log_segments.load(Relaxed), 1);
    for seq in 21..=25 {
        store.write(vec![insert(seq, &value)]).unwrap();
    }
    assert_eq!(files(folder.path(), "spare"), 0);
    drop(store);
    let store = EmbeddedStore::open(small()).unwrap();
    assert!((1..=25).all(|seq| get(&store, message(seq)).is_some()));
    assert!(get(&store, message(26)).is_none());
}

#[test]
fn a_full_overlay_makes_commits_wait_for_a_flush_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = EmbeddedStore::open(Options {
        overlay_bytes_max: 64 << 10,
        ..options(folder.path())
    })
    .unwrap();
    let value = "x".repeat(1_000);
    for seq in 1..=500 {
        store.write(vec![insert(seq, &value)]).unwrap();
        let bytes = store.metrics().overlay_bytes.load(Relaxed);
        assert!(bytes <= (64 << 10) + 2_000, "{bytes} bytes at {seq}");
    }
    assert!(store.metrics().flushes.load(Relaxed) > 0);
    drop(store);
    let store = open(folder.path());
    assert!((1..=500).all(|seq| get(&store, message(seq)).is_some()));
}
