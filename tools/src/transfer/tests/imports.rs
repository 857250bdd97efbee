//! Imports: into memory interrupted at every commit, and into a store on disk.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ringpost_storage_check::StoredRow;
use ringpost_storage_core::key::{self, ExportId, Family};
use ringpost_storage_core::row::{Import, Row as _};

use super::scene::{MapStore, STAMP, all_rows, assert_good, embedded, exported};
use crate::store::RowSink;
use crate::transfer::header::{Contents, Header};
use crate::transfer::writer::ExportWriter;
use crate::transfer::{ExportFile, ExportRows, ImportError, Tally, export, import};

/// An export of a store of several blocks.
fn an_export(folder: &Path) -> (MapStore, PathBuf) {
    let file = folder.join("export");
    let store = MapStore::with_messages(6_000);
    exported(&store, &file);
    (store, file)
}

fn import_into(file: &Path, target: &mut dyn RowSink) -> Result<Tally, ImportError> {
    let mut file = ExportFile::open(file).expect("the export is whole");
    import(&mut file, target, &mut |_, _, _| {})
}

#[test]
fn an_import_makes_the_same_store() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = an_export(folder.path());
    let mut target = MapStore::default();
    let tally = import_into(&file, &mut target).unwrap();
    assert_eq!(tally.rows, store.rows.len() as u64);
    assert_eq!(target.rows, store.rows);
}

#[test]
fn an_import_interrupted_anywhere_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = an_export(folder.path());
    for fails_late in [false, true] {
        let mut target = MapStore {
            fails_late,
            ..MapStore::default()
        };
        let mut interruptions = 0;
        for calls in 1.. {
            target.calls_left = Some(calls);
            match import_into(&file, &mut target) {
                Ok(_) => break,
                Err(ImportError::Target(_)) => interruptions += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert!(interruptions > 5, "{interruptions}");
        assert_eq!(target.rows, store.rows);
    }
}

#[test]
fn an_import_that_was_done_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = an_export(folder.path());
    let mut target = store.clone();
    let tally = import_into(&file, &mut target).unwrap();
    assert_eq!(
        (tally.rows, target.rows),
        (store.rows.len() as u64, store.rows)
    );
}

/// A store with a row at the end that is not in its export.
fn one_row_more(store: &MapStore) -> MapStore {
    let mut more = store.clone();
    let key = key::device::encode(ringpost_engine_tests::people::device("zoe", 1));
    let key = Bytes::copy_from_slice(key.as_slice());
    assert_eq!(more.rows.insert(key, Bytes::from_static(b"more")), None);
    more
}

#[test]
fn nothing_is_imported_over_other_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = an_export(folder.path());
    for mut target in [MapStore::with_messages(1), one_row_more(&store)] {
        let before = target.rows.clone();
        let refused = import_into(&file, &mut target);
        assert!(matches!(refused, Err(ImportError::NotEmpty { .. })));
        assert_eq!(target.rows, before);
    }
    let other = key::import::encode(ExportId([1; 16]));
    let progress = Import { blocks: 1, rows: 1 }.to_bytes();
    let mut target = MapStore::default();
    let key = Bytes::copy_from_slice(other.as_slice());
    target.rows.insert(key, progress);
    let refused = import_into(&file, &mut target);
    assert!(matches!(refused, Err(ImportError::OtherImport { .. })));
}

#[test]
fn fences_of_the_target_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = an_export(folder.path());
    let mut target = MapStore::default();
    let fence = Bytes::from(vec![Family::Fence as u8, 0, 7]);
    target
        .rows
        .insert(fence.clone(), Bytes::from_static(b"held"));
    import_into(&file, &mut target).unwrap();
    assert_eq!(
        target.rows.remove(&fence),
        Some(Bytes::from_static(b"held"))
    );
    assert_eq!(target.rows, store.rows);
}

#[test]
fn a_target_that_changes_meanwhile_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, file) = an_export(folder.path());
    let mut target = MapStore {
        calls_left: Some(18),
        ..MapStore::default()
    };
    import_into(&file, &mut target).unwrap_err();
    let mut target = target.whole();
    let first = target.rows.keys().next().cloned().unwrap();
    target.rows.insert(first, Bytes::from_static(b"other"));
    let refused = import_into(&file, &mut target);
    assert!(matches!(refused, Err(ImportError::NotTheSame { .. })));
    let progress = key::import::encode(STAMP.id);
    assert!(target.rows.contains_key(progress.as_slice()));
}

#[test]
fn a_store_on_disk_goes_through_a_file_into_another() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = an_export(folder.path());
    let data = folder.path().join("one");
    import_into(&file, &mut embedded(&data)).unwrap();
    let mut one = embedded(&data);
    assert_eq!(all_rows(&mut one), store.rows);
    assert_good(&mut one);
    let again = folder.path().join("again");
    export(
        &mut one,
        &super::scene::options(&again),
        STAMP,
        &mut |_, _| {},
    )
    .unwrap();
    assert_eq!(all_rows(&mut ExportRows::open(&again).unwrap()), store.rows);
    assert_eq!(
        std::fs::read(&again).unwrap(),
        std::fs::read(&file).unwrap()
    );
}

#[test]
fn an_empty_store_is_carried_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    exported(&MapStore::default(), &file);
    let mut target = MapStore::default();
    let tally = import_into(&file, &mut target).unwrap();
    assert_eq!((tally, target.rows.len()), (Tally::default(), 0));
}

#[test]
fn rows_that_no_export_carries_are_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export");
    let row = |key: &'static [u8]| StoredRow {
        key: Bytes::from_static(key),
        value: Bytes::new(),
    };
    for rows in [
        vec![row(b"\x20fence")],
        vec![row(b"")],
        vec![row(b"\x02two"), row(b"\x01one")],
        vec![row(&[1; 60])],
    ] {
        let header = Header {
            id: STAMP.id,
            created_ms: 1,
            contents: Contents::default(),
        };
        let mut writer = ExportWriter::begin(&path, header, String::new(), 1).unwrap();
        rows.iter().for_each(|row| writer.push(row).unwrap());
        writer.finish().unwrap();
        let mut target = MapStore::default();
        let refused = import_into(&path, &mut target);
        assert!(matches!(refused, Err(ImportError::File(_))), "{rows:?}");
        assert_eq!(target.rows.len(), 0);
    }
}
