//! What a start finds after a crash: torn tails are cut, anything else is refused with file and place.

use std::fs;
use std::path::{Path, PathBuf};

use ringpost_storage_core::store::{KeyRange, Write};

use super::scene::{get, insert, message, open, options, refusal};
use crate::{DamageKind, EmbeddedStore, OpenError, Options};

/// The segment files, ascending.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "log"))
        .collect();
    paths.sort();
    paths
}

/// A store with one record a message from 1 to `last`; gives the bytes of its last segment after each record.
fn written(folder: &Path, last: u64) -> Vec<u64> {
    let mut store = open(folder);
    let path = segments(folder).pop().unwrap();
    let mut ends = vec![fs::metadata(&path).unwrap().len()];
    for seq in 1..=last {
        store.write(vec![insert(seq, "value")]).unwrap();
        ends.push(fs::metadata(&path).unwrap().len());
    }
    ends
}

fn count(store: &EmbeddedStore, last: u64) -> u64 {
    (1..=last)
        .filter(|seq| get(store, message(*seq)).is_some())
        .count() as u64
}

#[test]
fn what_was_committed_is_there_after_a_drop_without_flush() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 3);
    let mut store = open(folder.path());
    assert_eq!(count(&store, 4), 3);
    assert_eq!(store.incarnation(), 2);
    store.write(vec![insert(4, "value")]).unwrap();
    drop(store);
    assert_eq!(count(&open(folder.path()), 4), 4);
}

#[test]
fn the_last_record_may_be_torn_at_any_byte() {
    let origin = tempfile::tempdir().unwrap();
    let ends = written(origin.path(), 3);
    let path = segments(origin.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    let last = ends[2] as usize..ends[3] as usize;
    // The bytes that pad the record to 8 are not part of what is sealed.
    let payload_end = last.end
        - whole[..last.end]
            .iter()
            .rev()
            .take_while(|b| **b == 0)
            .count();
    for cut in last.clone() {
        fs::write(&path, &whole[..cut]).unwrap();
        let expected = if cut < payload_end { 2 } else { 3 };
        assert_reopens(origin.path(), &path, expected);
    }
    for byte in last.start..payload_end {
        let mut torn = whole.clone();
        torn[byte] ^= 0x55;
        fs::write(&path, &torn).unwrap();
        assert_reopens(origin.path(), &path, 2);
    }
}

/// Opens twice: the first start leaves a segment behind, which the second one must get along with. Then takes that away.
fn assert_reopens(folder: &Path, path: &Path, messages: u64) {
    let mut store = open(folder);
    assert_eq!(count(&store, 3), messages);
    store.write(vec![insert(9, "after")]).unwrap();
    drop(store);
    let store = open(folder);
    assert_eq!(count(&store, 3), messages);
    assert!(get(&store, message(9)).is_some());
    drop(store);
    for other in segments(folder).iter().filter(|other| *other != path) {
        fs::remove_file(other).unwrap();
    }
    fs::write(folder.join("INCARNATION"), "1 1\n").unwrap();
}

#[test]
fn damage_before_a_good_record_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let ends = written(folder.path(), 3);
    let path = segments(folder.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    for byte in ends[1] as usize..ends[1] as usize + 16 {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0x01;
        fs::write(&path, &damaged).unwrap();
        let OpenError::Damaged(damage) = refusal(folder.path()) else {
            panic!("byte {byte} is damage");
        };
        assert_eq!(damage.path, path);
        assert_eq!(damage.offset, ends[1]);
        assert_eq!(damage.what, DamageKind::Record { expected: 2 });
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(count(&open(folder.path()), 3), 3);
}

#[test]
fn a_damaged_header_and_a_foreign_segment_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 1);
    let other = tempfile::tempdir().unwrap();
    written(other.path(), 1);
    let path = segments(folder.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(
        &path,
        fs::read(segments(other.path()).pop().unwrap()).unwrap(),
    )
    .unwrap();
    let foreign = refusal(folder.path());
    let mut damaged = whole;
    damaged[20] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let header = refusal(folder.path());
    for (error, what) in [
        (foreign, DamageKind::OtherStore),
        (header, DamageKind::Header),
    ] {
        let OpenError::Damaged(damage) = error else {
            panic!("{error}");
        };
        assert_eq!((damage.what, damage.offset), (what, 0));
    }
}

/// A store whose log has several segments.
fn with_segments(folder: &Path) -> Vec<PathBuf> {
    let mut store = EmbeddedStore::open(Options {
        segment_bytes: 4 << 10,
        ..options(folder)
    })
    .unwrap();
    let value = "x".repeat(1_500);
    for seq in 1..=10 {
        store.write(vec![insert(seq, &value)]).unwrap();
    }
    segments(folder)
}

#[test]
fn a_missing_segment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let paths = with_segments(folder.path());
    assert!(paths.len() >= 4);
    let whole = fs::read(&paths[1]).unwrap();
    fs::remove_file(&paths[1]).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(error, OpenError::MissingSegment { number: 2, .. }));
    fs::write(&paths[1], &whole).unwrap();
    fs::remove_file(&paths[0]).unwrap();
    let error = refusal(folder.path());
    let is_apart =
        matches!(error, OpenError::LogApartFromTables { first, flushed: 0, .. } if first > 1);
    assert!(is_apart, "{error}");
    for path in &paths[1..] {
        fs::remove_file(path).unwrap();
    }
    let error = refusal(folder.path());
    assert!(matches!(error, OpenError::MissingSegment { .. }));
}

#[test]
fn a_sealed_segment_that_ends_early_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let paths = with_segments(folder.path());
    let whole = fs::read(&paths[1]).unwrap();
    fs::write(&paths[1], &whole[..whole.len() - 100]).unwrap();
    let OpenError::Damaged(damage) = refusal(folder.path()) else {
        panic!("a sealed segment is never torn");
    };
    assert_eq!(damage.path, paths[1]);
    assert!(damage.offset > 64);
}

#[test]
fn a_last_segment_that_an_opening_made_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 1);
    drop(open(folder.path()));
    let last = segments(folder.path()).pop().unwrap();
    fs::remove_file(last).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(error, OpenError::MissingSegment { number: 2, .. }));
}

#[test]
fn a_store_in_use_is_refused_and_free_after() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert!(matches!(refusal(folder.path()), OpenError::InUse { .. }));
    drop(store);
    assert_eq!(open(folder.path()).incarnation(), 2);
}

#[test]
fn options_without_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = EmbeddedStore::open(Options {
        segment_bytes: 100,
        ..options(folder.path())
    })
    .unwrap_err();
    assert!(matches!(
        error,
        OpenError::Option {
            option: "segment_bytes",
            ..
        }
    ));
}

#[test]
fn nothing_goes_through_the_journal_of_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for seq in 1..=40 {
        let value = format!("{seq:0500}");
        store.write(vec![insert(seq, &value)]).unwrap();
    }
    store.flush().unwrap();
    let (begin, end) = (message(3), message(30));
    store
        .write(vec![Write::ClearRange(KeyRange { begin, end })])
        .unwrap();
    store.flush().unwrap();
    drop(store);
    let journal = fs::read(folder.path().join("tables/0.jnl")).unwrap();
    assert!(
        journal.iter().all(|byte| *byte == 0),
        "a journal can be torn"
    );
    let store = open(folder.path());
    assert_eq!(count(&store, 40), 13);
}
