//! Exports: whole, and interrupted after every call to the store.

use bytes::Bytes;
use ringpost_storage_check::RowSource as _;
use ringpost_storage_core::key::{self, ExportId, Family};

use super::scene::{MapStore, STAMP, all_rows, assert_good, exported, options};
use crate::transfer::checkpoint::Checkpoint;
use crate::transfer::error::FormatError;
use crate::transfer::{ExportError, ExportFile, ExportRows, export};

#[test]
fn an_export_holds_every_row_and_is_a_good_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    let store = MapStore::with_messages(6_000);
    exported(&store, &file);
    let mut rows = ExportRows::open(&file).unwrap();
    assert_eq!(all_rows(&mut rows), store.rows);
    assert_good(&mut rows);
    let export = ExportFile::open(&file).unwrap();
    assert!(export.contents().blocks > 3);
    assert_eq!(export.contents().tally.rows, store.rows.len() as u64);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn lanes_and_fences_stay_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    let mut store = MapStore::with_messages(3);
    let rows = store.rows.clone();
    for family in [Family::Fence, Family::LaneRecord, Family::LaneTerm] {
        let key = Bytes::from(vec![family as u8, 1]);
        store.rows.insert(key, Bytes::new());
    }
    exported(&store, &file);
    assert_eq!(all_rows(&mut ExportRows::open(&file).unwrap()), rows);
}

#[test]
fn an_interrupted_export_becomes_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let file = folder.path().join("export");
    let store = MapStore::with_messages(6_000);
    exported(&store, &whole);
    let mut interruptions = 0;
    let mut dying = store.clone();
    // Each run gets a little further than the one before.
    for calls in 4.. {
        dying.calls_left = Some(calls);
        match export(&mut dying, &options(&file), STAMP, &mut |_, _| {}) {
            Ok(_) => break,
            Err(ExportError::Source(_)) => interruptions += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(interruptions > 5, "{interruptions}");
    assert_eq!(
        std::fs::read(&file).unwrap(),
        std::fs::read(&whole).unwrap()
    );
}

#[test]
fn what_lies_after_the_checkpoint_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let file = folder.path().join("export");
    let store = MapStore::with_messages(6_000);
    exported(&store, &whole);
    let mut dying = store.clone();
    dying.calls_left = Some(12);
    export(&mut dying, &options(&file), STAMP, &mut |_, _| {}).unwrap_err();
    let part = folder.path().join("export.part");
    let mut torn = std::fs::read(&part).unwrap();
    torn.extend_from_slice(b"half a block");
    std::fs::write(&part, torn).unwrap();
    exported(&store, &file);
    assert_eq!(
        std::fs::read(&file).unwrap(),
        std::fs::read(&whole).unwrap()
    );
}

#[test]
fn a_store_that_moved_is_not_exported_by_halves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    let mut store = MapStore::with_messages(6_000);
    store.calls_left = Some(14);
    export(&mut store, &options(&file), STAMP, &mut |_, _| {}).unwrap_err();
    let mut store = store.whole();
    store.state = "another".to_owned();
    let refused = export(&mut store, &options(&file), STAMP, &mut |_, _| {});
    assert!(matches!(refused, Err(ExportError::Moved { .. })));
    let mut again = options(&file);
    again.is_restart = true;
    export(&mut store, &again, STAMP, &mut |_, _| {}).unwrap();
    assert_eq!(all_rows(&mut ExportRows::open(&file).unwrap()), store.rows);
}

#[test]
fn a_file_that_is_there_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    std::fs::write(&file, "precious").unwrap();
    let mut store = MapStore::with_messages(3);
    let refused = export(&mut store, &options(&file), STAMP, &mut |_, _| {});
    assert!(matches!(refused, Err(ExportError::Exists { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

#[test]
fn strangers_and_unfinished_imports_are_not_carried() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    let import = key::import::encode(ExportId([1; 16]));
    for key in [&[0x06, 1][..], import.as_slice(), &[0x01; 60]] {
        let mut store = MapStore::with_messages(3);
        store.rows.insert(Bytes::copy_from_slice(key), Bytes::new());
        let mut again = options(&file);
        again.is_restart = true;
        let refused = export(&mut store, &again, STAMP, &mut |_, _| {});
        assert!(matches!(refused, Err(ExportError::Row { .. })), "{key:x?}");
    }
}

#[test]
fn damage_of_a_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    exported(&MapStore::with_messages(40), &file);
    let good = std::fs::read(&file).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        ExportRows::open(&file).map(|mut rows| rows.state())
    };
    assert!(open(&good).is_ok());
    for place in (0..good.len()).step_by(11) {
        let mut damaged = good.clone();
        damaged[place] ^= 0x20;
        assert!(open(&damaged).is_err(), "byte {place}");
    }
    assert!(open(&good[..good.len() - 1]).is_err());
    assert!(open(&good[..100]).is_err());
    std::fs::write(&file, b"").unwrap();
    let empty = ExportFile::open(&file).unwrap_err();
    assert!(matches!(empty, FormatError::NotAnExport { .. }));
}

#[test]
fn a_checkpoint_round_trips_and_another_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    let mut store = MapStore::with_messages(6_000);
    store.calls_left = Some(14);
    export(&mut store, &options(&file), STAMP, &mut |_, _| {}).unwrap_err();
    let path = Checkpoint::path(&file);
    let checkpoint = Checkpoint::read(&path).unwrap().unwrap();
    assert!(checkpoint.header.contents.blocks > 0);
    checkpoint.write(&path).unwrap();
    assert_eq!(Checkpoint::read(&path).unwrap(), Some(checkpoint));
    std::fs::write(&path, "{}").unwrap();
    assert!(Checkpoint::read(&path).is_err());
}
