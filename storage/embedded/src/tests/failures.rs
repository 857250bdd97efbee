//! A write or sync that fails stops the store for good; the next start finds a consistent state.

use std::sync::atomic::Ordering::Relaxed;

use super::scene::{get, insert, message, open, options};
use crate::{EmbeddedStore, Fatal, Options, SyncMode};

#[test]
fn a_failed_sync_or_write_stops_everything() {
    for sync in [SyncMode::FailSync(3), SyncMode::FailWrite(3)] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = EmbeddedStore::open(Options {
            sync,
            ..options(folder.path())
        })
        .unwrap();
        store.write(vec![insert(1, "one")]).unwrap();
        store.write(vec![insert(2, "two")]).unwrap();
        let error = store.write(vec![insert(3, "three")]).unwrap_err();
        assert!(matches!(error, Fatal::Log(_)), "{error}");
        let error = store.write(vec![insert(4, "four")]).unwrap_err();
        assert!(matches!(error, Fatal::Stopped(_)), "{error}");
        assert!(matches!(store.run(vec![]), Err(Fatal::Stopped(_))));
        assert!(matches!(store.flush(), Err(Fatal::Stopped(_))));
        assert!(store.metrics().last_error().is_some());
        drop(store);
        let store = open(folder.path());
        assert!(get(&store, message(2)).is_some());
        assert!(get(&store, message(4)).is_none());
    }
}

#[test]
fn a_power_loss_between_a_flush_and_the_end_of_its_segments_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = EmbeddedStore::open(Options {
        sync: SyncMode::FailAmidFinish,
        segment_bytes: 4 << 10,
        ..options(folder.path())
    })
    .unwrap();
    let value = "x".repeat(1_500);
    for seq in 1..=20 {
        store.write(vec![insert(seq, &value)]).unwrap();
    }
    assert!(store.metrics().log_segments.load(Relaxed) >= 8);
    let error = store.flush().unwrap_err();
    assert!(matches!(error, Fatal::Log(_)), "{error}");
    drop(store);
    let store = open(folder.path());
    assert!((1..=20).all(|seq| get(&store, message(seq)).is_some()));
}
