//! Corruptions below the rows: bytes that cannot be read, keys of no family, rows of lanes and imports.

use std::collections::BTreeSet;

use bytes::Bytes;
use ringpost_engine_tests::people::{device, user};
use ringpost_storage_check::{FindingKind, OwnRow};
use ringpost_storage_core::key::{self, ExportId, LaneId};
use ringpost_storage_core::row::{Fence, Import, LaneRecord, LaneTerm, Row};
use ringpost_storage_core::store::Key;
use ringpost_wire::{ChatId, ShardId};

use crate::histories::{busy, busy_chat};
use crate::plants::{ends, message_key, planted};
use crate::rows::MapRows;

#[test]
fn a_damaged_value_of_every_family_is_one_finding() {
    let (ann, chat) = (user("ann"), busy_chat());
    let quiet = ChatId::one_to_one(user("ann"), user("cid"));
    for key in [
        key::head::encode(chat),
        key::member::encode(chat, ann),
        key::read_cursor::encode(chat, ann),
        key::membership::encode(ann, chat),
        key::pending::encode(ann, chat),
        key::user::encode(ann),
        key::device::encode(device("ann", 1)),
        key::member::encode(quiet, ann),
        key::head::encode(quiet),
    ] {
        for damage in [&b""[..], &[0xff], &[1, 2, 3]] {
            planted(FindingKind::DamagedRow, |rows| {
                assert!(rows.map.contains_key(key.as_slice()), "{key:?}");
                rows.put(&key, Bytes::copy_from_slice(damage));
            });
        }
    }
}

#[test]
fn a_damaged_window_is_one_finding() {
    planted(FindingKind::DamagedRow, |rows| {
        let mut keys = rows.map.keys().filter_map(|key| Key::from_slice(key));
        let key = keys.find(|key| key::window::decode(key).is_some());
        rows.put(&key.expect("some windows are in rows"), &b"damage"[..]);
    });
}

#[test]
fn a_damaged_message_is_one_finding() {
    planted(FindingKind::DamagedRow, |rows| {
        let (_, last) = ends(rows);
        let frame = rows.map[message_key(last).as_slice()].slice(..50);
        rows.put(&message_key(last), frame);
    });
}

#[test]
fn a_row_of_no_family() {
    for first in [0x00, 0x06, 0x14, 0x23, 0x31, 0xff] {
        planted(FindingKind::UnknownFamily, |rows| {
            rows.put(&Key::of(&[&[first, 1, 2]]), &b"what"[..]);
        });
    }
}

#[test]
fn a_key_of_another_length() {
    for family in key::Family::ALL {
        planted(FindingKind::MalformedKey, |rows| {
            rows.put(&Key::of(&[&[family as u8], &[7; 38]]), &b"what"[..]);
            rows.put(&Key::of(&[&[family as u8]]), &b"what"[..]);
        });
    }
}

#[test]
fn a_fence_of_a_shard_that_there_is_not() {
    planted(FindingKind::UnknownShard, |rows| {
        let fence = Fence {
            node: 1,
            incarnation: 1,
            claim: 1,
        };
        rows.put(&key::fence::encode(ShardId(9)), fence.to_bytes());
        rows.put(&key::fence::encode(ShardId(4_096)), fence.to_bytes());
    });
}

#[test]
fn an_own_row_of_the_engine_that_is_broken() {
    planted(FindingKind::OwnRow, |rows| {
        let broken = OwnRow::Broken {
            key: vec![0, 7],
            expected: "a row of the engine".to_owned(),
        };
        rows.own = Some(vec![OwnRow::Sound, broken]);
    });
}

#[test]
fn a_row_of_a_lane_of_an_incarnation_that_was_never_given() {
    let lane = LaneId { node: 2, lane: 0 };
    let fence = |node, incarnation| Fence {
        node,
        incarnation,
        claim: 1,
    };
    let record = |incarnation| LaneRecord {
        incarnation,
        last_batch: 1,
        settling: 0,
    };
    let term = |incarnation| LaneTerm {
        incarnation,
        count: 1,
    };
    let fence_key = key::fence::encode(ShardId(9));
    let (record_key, term_key) = (key::lane_record::encode(lane), key::lane_term::encode(lane));
    for (key, value) in [
        (fence_key, fence(2, 6).to_bytes()),
        (fence_key, fence(3, 1).to_bytes()),
        (record_key, record(6).to_bytes()),
        (term_key, term(6).to_bytes()),
    ] {
        planted(FindingKind::IncarnationUngiven, |rows| {
            rows.put(&fence_key, fence(2, 5).to_bytes());
            rows.put(&record_key, record(5).to_bytes());
            rows.put(&term_key, term(5).to_bytes());
            rows.own = Some(vec![OwnRow::Incarnation { node: 2, last: 5 }]);
            assert_eq!(rows.kinds(), BTreeSet::new(), "what was given may be there");
            rows.put(&key, value);
        });
    }
}

#[test]
fn an_import_that_stopped_half_way() {
    planted(FindingKind::ImportUnfinished, |rows| {
        let import = Import { blocks: 3, rows: 9 };
        rows.put(&key::import::encode(ExportId([5; 16])), import.to_bytes());
    });
}

#[test]
fn findings_are_all_counted_and_few_are_kept() {
    let mut rows = MapRows::default();
    for number in 0..100_u8 {
        rows.put(&Key::of(&[&[0, number]]), &b""[..]);
    }
    let report = rows.report(1 << 20);
    assert_eq!(report.counts[&FindingKind::UnknownFamily], 100);
    assert_eq!(
        report.findings.len(),
        ringpost_storage_check::limits::FINDINGS_PER_KIND_MAX
    );
    assert_eq!(report.count(), 100);
    let told = report.findings[0].to_string();
    assert_eq!(told, "unknown_family: bytes=0000: a key of a family");
}

#[test]
fn a_store_that_is_written_to_meanwhile_is_told() {
    let mut rows = MapRows::of(&busy());
    assert!(!rows.report(1 << 20).is_moved);
    rows.moves = true;
    assert!(rows.report(1 << 20).is_moved);
}
