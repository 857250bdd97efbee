//! Damage of what says how far the tables reach and what they consist of: refused by name, and nothing is removed.

use std::fs;
use std::path::{Path, PathBuf};

use super::scene::{get, insert, message, open, refusal};
use crate::OpenError;

/// A store whose two messages are in the tables.
fn flushed(folder: &Path) {
    let mut store = open(folder);
    for seq in 1..=2 {
        store.write(vec![insert(seq, "value")]).unwrap();
        store.flush().unwrap();
    }
}

/// Each file that names the present state of a keyspace.
fn states(folder: &Path) -> Vec<PathBuf> {
    let keyspaces = fs::read_dir(folder.join("tables/keyspaces")).unwrap();
    let states: Vec<PathBuf> = keyspaces
        .map(|keyspace| keyspace.unwrap().path().join("current"))
        .collect();
    assert_eq!(states.len(), 2);
    states
}

#[test]
fn every_byte_of_a_state_is_looked_at_before_fjall_trusts_it() {
    let folder = tempfile::tempdir().unwrap();
    flushed(folder.path());
    for path in states(folder.path()) {
        let whole = fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1;
            fs::write(&path, &damaged).unwrap();
            let error = refusal(folder.path());
            let is_named = matches!(&error, OpenError::DamagedState { path: named }
                if named.parent() == path.parent());
            assert!(is_named, "byte {byte}: {error}");
        }
        fs::write(&path, vec![0; whole.len()]).unwrap();
        assert!(matches!(
            refusal(folder.path()),
            OpenError::DamagedState { .. }
        ));
        fs::write(&path, &whole).unwrap();
    }
    let store = open(folder.path());
    assert!((1..=2).all(|seq| get(&store, message(seq)).is_some()));
}

#[test]
fn tables_that_are_gone_are_missed() {
    let folder = tempfile::tempdir().unwrap();
    flushed(folder.path());
    fs::remove_dir_all(folder.path().join("tables")).unwrap();
    let error = refusal(folder.path());
    assert!(
        matches!(error, OpenError::TablesGone { flushed: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_number_of_flushed_records_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    flushed(folder.path());
    let path = folder.path().join("FLUSHED");
    let whole = fs::read(&path).unwrap();
    for byte in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1 << bit;
            fs::write(&path, &damaged).unwrap();
            let error = refusal(folder.path());
            assert!(
                matches!(&error, OpenError::Flushed { path: named } if *named == path),
                "{error}"
            );
        }
    }
    // As an earlier version has written it.
    fs::write(&path, "2\n").unwrap();
    assert!(get(&open(folder.path()), message(2)).is_some());
}
