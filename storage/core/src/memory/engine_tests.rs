//! The rules of the in-memory engine: versions, conflicts, limits, and each fault on request.

use bytes::Bytes;

use super::*;
use crate::store::Key;

fn key(name: &str) -> Key {
    Key::of(&[name.as_bytes()])
}

fn only(name: &str) -> KeyRange {
    KeyRange {
        begin: key(name),
        end: key(&format!("{name}\0")),
    }
}

fn set(name: &str, value: &'static str) -> Write {
    Write::Set(Row {
        key: key(name),
        value: Bytes::from_static(value.as_bytes()),
    })
}

fn request(read_version: Version, conflicts: &[&str], writes: Vec<Write>) -> CommitRequest {
    CommitRequest {
        read_version,
        read_conflicts: conflicts.iter().map(|name| only(name)).collect(),
        writes,
    }
}

fn committed(answer: CommitAnswer) -> Version {
    match answer {
        CommitAnswer::Committed { version } => version,
        other => panic!("{other:?}"),
    }
}

fn value(store: &mut MemoryStore, version: Version, name: &str, now_ms: u64) -> Option<Bytes> {
    match store.read(version, &Read::Get(key(name)), now_ms) {
        Ok(ReadAnswer::Value(value)) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_version_shows_what_was_committed_up_to_it() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let empty = store.read_version(10).unwrap();
    let first = committed(store.commit(request(empty, &[], vec![set("a", "1")]), 11));
    let second = committed(store.commit(request(empty, &[], vec![set("a", "2")]), 12));
    assert!(empty < first && first < second);
    assert_eq!(second, Version(12_000));
    assert_eq!(value(&mut store, empty, "a", 13), None);
    assert_eq!(value(&mut store, first, "a", 13).unwrap(), "1");
    assert_eq!(value(&mut store, second, "a", 13).unwrap(), "2");
}

#[test]
fn only_a_later_write_of_a_read_range_is_a_conflict() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let before = store.read_version(10).unwrap();
    let at = committed(store.commit(request(before, &["a"], vec![set("a", "1")]), 11));
    let stale = store.commit(request(before, &["a"], vec![set("b", "1")]), 12);
    assert_eq!(stale, CommitAnswer::Conflict);
    committed(store.commit(request(before, &["b"], vec![set("c", "1")]), 13));
    committed(store.commit(request(at, &["a"], vec![set("a", "2")]), 14));
    assert_eq!(store.count(Fault::TrueConflict), 1);
}

#[test]
fn clears_are_conflicts_where_nothing_was_too() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let before = store.read_version(10).unwrap();
    let whole = KeyRange {
        begin: key("k"),
        end: key("m"),
    };
    committed(store.commit(request(before, &[], vec![Write::ClearRange(whole)]), 11));
    committed(store.commit(request(before, &[], vec![Write::Clear(key("x"))]), 12));
    for name in ["k", "l", "x"] {
        let answer = store.commit(request(before, &[name], vec![]), 13);
        assert_eq!(answer, CommitAnswer::Conflict, "{name}");
    }
    for name in ["j", "m", "y"] {
        committed(store.commit(request(before, &[name], vec![]), 13));
    }
}

#[test]
fn a_range_is_answered_up_to_its_limits() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let before = store.read_version(10).unwrap();
    let writes = vec![
        set("a", "11"),
        set("b", "22"),
        set("c", "33"),
        set("d", "4"),
    ];
    committed(store.commit(request(before, &[], writes), 11));
    let cleared = vec![Write::Clear(key("b"))];
    let version = committed(store.commit(request(before, &[], cleared), 12));
    let mut page = |rows_max, bytes_max| {
        let range = KeyRange {
            begin: key("a"),
            end: key("d"),
        };
        let read = Read::Range {
            range,
            rows_max,
            bytes_max,
        };
        match store.read(version, &read, 13) {
            Ok(ReadAnswer::Rows(rows)) => (rows.rows.len(), rows.more),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(page(10, 100), (2, false));
    assert_eq!(page(1, 100), (1, true));
    assert_eq!(page(10, 3), (1, true));
    assert_eq!(page(10, 1), (1, true));
}

#[test]
fn five_seconds_later_a_version_is_too_old() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let before = store.read_version(10).unwrap();
    committed(store.commit(request(before, &[], vec![set("a", "1")]), 11));
    assert!(store.read(before, &Read::Get(key("a")), 5_010).is_ok());
    let late = store.read(before, &Read::Get(key("a")), 5_011);
    assert_eq!(late, Err(StoreFault::TooOld));
    let answer = store.commit(request(before, &[], vec![]), 5_011);
    assert_eq!(answer, CommitAnswer::TooOld);
    let now = store.read_version(20_000).unwrap();
    assert_eq!(value(&mut store, now, "a", 20_000).unwrap(), "1");
}

#[test]
fn values_and_transactions_over_their_limits_are_refused() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let version = store.read_version(10).unwrap();
    let row = |bytes: usize, name: &str| {
        Write::Set(Row {
            key: key(name),
            value: Bytes::from(vec![0; bytes]),
        })
    };
    let large = store.commit(request(version, &[], vec![row(100_001, "a")]), 11);
    assert_eq!(large, CommitAnswer::TooLarge);
    let many = (0..101).map(|n| row(100_000, &format!("{n}"))).collect();
    let answer = store.commit(request(version, &[], many), 11);
    assert_eq!(answer, CommitAnswer::TooLarge);
    assert_eq!(store.scan(&KeyRange::prefix(key("a"))), []);
    committed(store.commit(request(version, &[], vec![row(100_000, "a")]), 11));
}

#[test]
fn each_fate_of_a_commit_can_be_forced() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let version = store.read_version(10).unwrap();
    let fates = [
        (Fault::Conflict, CommitAnswer::Conflict, false),
        (Fault::CommitTooOld, CommitAnswer::TooOld, false),
        (Fault::UnknownLost, CommitAnswer::UnknownResult, false),
        (Fault::UnknownApplied, CommitAnswer::UnknownResult, true),
    ];
    for (index, (fate, answer, takes_effect)) in fates.into_iter().enumerate() {
        let name = format!("k{index}");
        store.force(fate, 2);
        committed(store.commit(request(version, &[], vec![]), 11));
        let given = store.commit(request(version, &[], vec![set(&name, "1")]), 11);
        assert_eq!(given, answer);
        assert_eq!(store.count(fate), 1);
        let is_there = !store.scan(&only(&name)).is_empty();
        assert_eq!(is_there, takes_effect, "{fate:?}");
    }
    store.force(Fault::Throttled, 1);
    let throttled = store.commit(request(version, &[], vec![set("t", "1")]), 11);
    assert!(matches!(throttled, CommitAnswer::Throttled { .. }));
}

#[test]
fn a_late_commit_lands_or_dies_by_the_conflicts_of_that_time() {
    for is_overtaken in [false, true] {
        let mut store = MemoryStore::new(3, FaultRates::NONE);
        let version = store.read_version(10).unwrap();
        store.force(Fault::UnknownLate, 1);
        let answer = store.commit(request(version, &["a"], vec![set("a", "late")]), 11);
        assert_eq!(answer, CommitAnswer::UnknownResult);
        assert_eq!(store.scan(&only("a")), []);
        if is_overtaken {
            committed(store.commit(request(version, &[], vec![set("a", "other")]), 11));
        }
        let due_ms = store.next_deadline().unwrap();
        assert!(due_ms <= 11 + MemoryStore::LATE_MS_MAX);
        store.advance(due_ms);
        let expected = if is_overtaken { "other" } else { "late" };
        assert_eq!(store.scan(&only("a"))[0].value, expected);
        assert_eq!(store.count(Fault::LateLanded), u64::from(!is_overtaken));
        assert_eq!(store.count(Fault::LateDied), u64::from(is_overtaken));
        assert_eq!(store.next_deadline(), None);
    }
}

#[test]
fn a_shared_version_conflicts_forward_only() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let before = store.read_version(10).unwrap();
    let first = committed(store.commit(request(before, &["x"], vec![set("a", "1")]), 11));
    store.force(Fault::SharedVersion, 1);
    let second = committed(store.commit(request(before, &[], vec![set("x", "1")]), 11));
    assert_eq!(first, second);
    store.force(Fault::SharedVersion, 1);
    let third = store.commit(request(before, &["a"], vec![]), 11);
    assert_eq!(third, CommitAnswer::Conflict);
    // Seen from its own version the first does not learn of the second; from the version before it does.
    let blind = store.commit(request(first, &["x"], vec![]), 13);
    assert!(matches!(blind, CommitAnswer::Committed { .. }));
    let sharp = store.commit(request(Version(first.0 - 1), &["x"], vec![]), 13);
    assert_eq!(sharp, CommitAnswer::Conflict);
}

#[test]
fn a_version_that_was_seen_is_not_shared() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let before = store.read_version(10).unwrap();
    let first = committed(store.commit(request(before, &[], vec![set("a", "1")]), 11));
    let seen = store.read_version(11).unwrap();
    store.force(Fault::SharedVersion, 1);
    let second = committed(store.commit(request(before, &[], vec![set("b", "1")]), 11));
    assert!(first <= seen && seen < second);
    assert_eq!(store.count(Fault::SharedVersion), 0);
}

#[test]
fn an_insert_over_a_row_is_counted() {
    let mut store = MemoryStore::new(0, FaultRates::NONE);
    let version = store.read_version(10).unwrap();
    let insert = Write::Insert(Row {
        key: key("a"),
        value: Bytes::new(),
    });
    committed(store.commit(request(version, &[], vec![insert.clone()]), 11));
    assert_eq!(store.inserts_over_rows(), 0);
    committed(store.commit(request(version, &[], vec![insert]), 11));
    assert_eq!(store.inserts_over_rows(), 1);
}

#[test]
fn a_seed_gives_the_same_run() {
    let run = |seed| {
        let mut store = MemoryStore::new(seed, FaultRates::STORMY);
        let mut answers = Vec::new();
        for now_ms in 1..500 {
            let version = store.read_version(now_ms);
            let request = request(version.unwrap_or_default(), &["a"], vec![set("a", "1")]);
            answers.push((version, store.commit(request, now_ms)));
        }
        answers
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
