//! Direct access: rows written in bulk come back in pages, and what is no store of ours is refused.

use bytes::Bytes;
use ringpost_engine_tests::foundation_engine::FoundationLane;
use ringpost_storage_core::key;
use ringpost_storage_core::key::import::ExportId;
use ringpost_storage_core::row::{Import, Row as _};
use ringpost_storage_core::store::{Row, Write};
use ringpost_storage_foundationdb::{Access, AccessError, RawRow, StoreState};

use crate::scene::{options, start};

fn row(number: u32, bytes: usize) -> RawRow {
    let key = [&[0x02][..], &number.to_be_bytes()].concat();
    (Bytes::from(key), Bytes::from(vec![number as u8; bytes]))
}

#[test]
fn rows_in_bulk_come_back_in_pages() {
    let Some(options) = options() else {
        return;
    };
    let access = Access::open(&options).expect("they are good");
    let rows: Vec<RawRow> = (0..3_000).map(|number| row(number, 1_000)).collect();
    access.write(&rows).expect("the cluster answers");
    let (mut begin, mut found, mut pages) = (vec![], Vec::new(), 0);
    loop {
        let page = access
            .scan(&begin, &[0xff], 10_000)
            .expect("the cluster answers");
        pages += 1;
        found.extend(page.rows);
        match found.last() {
            Some((last, _)) if page.more => begin = [&last[..], &[0]].concat(),
            _ => break,
        }
    }
    assert_eq!(found, rows);
    assert!(pages > 2, "a page is about a megabyte");
    assert_eq!(
        access.count(&[], &[0xff]).expect("the cluster answers"),
        3_000
    );
    let keys: Vec<Bytes> = rows
        .iter()
        .take(2_999)
        .map(|(key, _)| key.clone())
        .collect();
    access.clear(&keys).expect("the cluster answers");
    let page = access.scan(&[], &[0xff], 10).expect("the cluster answers");
    assert_eq!(page.rows, rows[2_999..]);
    access.clear_all().expect("the cluster answers");
    assert_eq!(access.count(&[], &[0xff]).expect("the cluster answers"), 0);
}

#[test]
fn rows_that_no_store_can_have_are_refused() {
    let Some(options) = options() else {
        return;
    };
    let access = Access::open(&options).expect("they are good");
    for key in [vec![], vec![0x00, 1], vec![0xff], vec![1; 2_000]] {
        let refused = access.write(&[(Bytes::from(key), Bytes::new())]);
        assert!(
            matches!(refused, Err(AccessError::Key { .. })),
            "{refused:?}"
        );
    }
    let refused = access.write(&[row(1, 100_001)]);
    assert!(
        matches!(refused, Err(AccessError::Value { .. })),
        "{refused:?}"
    );
    let many = (0..200).map(|number| {
        let (key, value) = row(number, 90_000);
        let key = ringpost_storage_core::store::Key::from_slice(&key).expect("it is short");
        Write::Set(Row { key, value })
    });
    let refused = access.commit(&many.collect::<Vec<_>>());
    assert!(
        matches!(refused, Err(AccessError::Refused { code: 2101, .. })),
        "{refused:?}"
    );
    assert_eq!(access.count(&[], &[0xff]).expect("the cluster answers"), 0);
}

fn failure(mut lane: FoundationLane) -> String {
    use ringpost_engine_tests::people::{device, register};
    // The answer comes when the state is known.
    lane.try_run(vec![register(device("ann", 1))]);
    match lane.running().state() {
        StoreState::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unfinished_import_is_no_store() {
    let Some(options) = options() else {
        return;
    };
    let access = Access::open(&options).expect("they are good");
    let export = key::import::encode(ExportId([7; 16]));
    let progress = Import { blocks: 1, rows: 1 };
    let written = access.commit(&[Write::Set(Row {
        key: export,
        value: progress.to_bytes(),
    })]);
    written.expect("the cluster answers");
    let reason = failure(start(&options, 1));
    assert!(reason.contains("import"), "{reason}");
    access
        .commit(&[Write::Clear(export)])
        .expect("the cluster answers");
    let mut lane = start(&options, 1);
    lane.run(&crate::scene::setup());
    drop(lane);
    access.clear_all().expect("the cluster answers");
}
