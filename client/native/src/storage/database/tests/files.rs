//! The files: nothing readable in any of them, one key, and no file ever made in the place of one that does not open.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::rig::{CHAT, OWN, PEER, Rig, accepted, damage, delivered, key_of, page_of};
use crate::storage::database::engine::Engine;
use crate::storage::database::engine_error::DatabaseError;
use crate::storage::database::log;
use crate::storage::database::open::beside;
use crate::storage::database::page;
use crate::storage::database::retention::Retention;
use crate::storage::database::schema;
use ringpost_client_core::{Effect, Record};
use ringpost_wire::DeviceAddress;

const TEXT: &[u8] = b"meet me at the old harbour at nine";

fn holds(content: &[u8], what: &[u8]) -> bool {
    content.windows(what.len()).any(|window| window == what)
}

#[test]
fn no_file_holds_a_message_a_chat_or_a_user() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let owner = DeviceAddress {
        user: OWN,
        device: 1,
    };
    let mut effects = vec![Effect::Persist(Record::Owner(owner)), accepted(1, TEXT)];
    effects.extend((1..=500).map(|seq| delivered(seq, TEXT)));
    engine.append(&effects, true).unwrap();
    let secrets = [TEXT, &CHAT.0, &PEER.0, &OWN.0, b"history", b"outbox"];
    let check = |names: usize| {
        let files = rig.files();
        assert_eq!(files.len(), names, "{:?}", files.keys());
        for (path, content) in files {
            for secret in secrets {
                assert!(!holds(&content, secret), "{}", path.display());
            }
        }
    };
    // With its log.
    check(2);
    drop(engine);
    check(1);
}

#[test]
fn a_wrong_key_is_told_and_changes_nothing() {
    let rig = Rig::new();
    let mut engine = rig.open();
    engine.append(&[accepted(1, TEXT)], true).unwrap();
    let (state, with_log) = (engine.state(), rig.files());
    drop(engine);
    let whole = rig.files();
    let refused = |before: &BTreeMap<PathBuf, Vec<u8>>| {
        let error = rig.try_open(2).err();
        assert_eq!(error, Some(DatabaseError::WrongKey(rig.path())));
        // Without the content, which says nothing.
        assert!(&rig.files() == before, "a file changed");
    };
    refused(&whole);
    // As a killed process leaves it.
    for (path, content) in &with_log {
        std::fs::write(path, content).unwrap();
    }
    refused(&with_log);
    assert_eq!(rig.open().state(), state);
}

#[test]
fn another_key_takes_the_place_of_the_first() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects: Vec<Effect> = (1..=2_000).map(|seq| delivered(seq, &[9; 2_000])).collect();
    engine.append(&effects, true).unwrap();
    let before = page_of(&engine);
    engine.rekey(&key_of(2)).unwrap();
    engine.append(&[accepted(1, TEXT)], true).unwrap();
    drop(engine);
    let error = rig.try_open(1).err();
    assert_eq!(error, Some(DatabaseError::WrongKey(rig.path())));
    let engine = rig.try_open(2).unwrap();
    assert_eq!(engine.state().outbox_messages(), 1);
    assert_eq!(page_of(&engine).messages[1..100], before.messages[..99]);
    assert_eq!(engine.check().unwrap(), Vec::<String>::new());
}

#[test]
fn one_client_uses_it_at_a_time() {
    let rig = Rig::new();
    let engine = rig.open();
    let error = rig.try_open(1).err();
    assert_eq!(error, Some(DatabaseError::InUse(rig.path())));
    drop(engine);
    rig.open();
}

#[test]
fn something_else_is_refused_and_left_as_it_is() {
    let long = vec![b'x'; 10_000];
    let plain = b"SQLite format 3\0 and so on".to_vec();
    for content in [long, plain, b"x".to_vec()] {
        let rig = Rig::new();
        std::fs::write(rig.path(), &content).unwrap();
        let error = rig.try_open(1).err();
        assert_eq!(error, Some(DatabaseError::NotADatabase(rig.path())));
        assert_eq!(std::fs::read(rig.path()).unwrap(), content);
    }
}

#[test]
fn what_is_left_of_a_file_is_damage() {
    let rig = Rig::new();
    drop(rig.open());
    let whole = std::fs::read(rig.path()).unwrap();
    for bytes in [0, 20, 4_095] {
        std::fs::write(rig.path(), &whole[..bytes]).unwrap();
        let error = rig.try_open(1).err().unwrap();
        assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
        assert_eq!(std::fs::read(rig.path()).unwrap(), whole[..bytes]);
    }
    std::fs::remove_file(rig.path()).unwrap();
    std::fs::write(beside(&rig.path(), "-wal"), b"a log").unwrap();
    let error = rig.try_open(1).err().unwrap();
    assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
    assert!(!rig.path().exists());
}

#[test]
fn a_file_cut_at_any_page_is_damage() {
    let rig = Rig::new();
    let mut engine = rig.open();
    engine.append(&[delivered(1, &[9; 20_000])], true).unwrap();
    engine.close().unwrap();
    let whole = std::fs::read(rig.path()).unwrap();
    for bytes in (4_096..whole.len()).step_by(2_048) {
        std::fs::write(rig.path(), &whole[..bytes]).unwrap();
        let error = match rig.try_open(1) {
            Err(error) => error,
            Ok(engine) => panic!("{bytes} bytes of {}: {:?}", whole.len(), engine.check()),
        };
        assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
        assert_eq!(std::fs::read(rig.path()).unwrap(), whole[..bytes]);
    }
}

#[test]
#[cfg(unix)]
fn a_link_leads_to_the_same_lock_and_the_same_log() {
    let (rig, other) = (Rig::new(), Rig::new());
    let engine = rig.open();
    let link = other.folder.path().join("link.db");
    std::os::unix::fs::symlink(rig.path(), &link).unwrap();
    let open = || Engine::open(&link, &key_of(1), Retention::default());
    let real = rig.path().canonicalize().unwrap();
    assert_eq!(open().err(), Some(DatabaseError::InUse(real)));
    engine.close().unwrap();
    let files = killed(&rig, 1..=3);
    put(&files);
    assert_eq!(page_of(&open().unwrap()).messages.len(), 3);
    std::fs::remove_file(rig.path()).unwrap();
    let error = open().err().unwrap();
    assert!(matches!(error, DatabaseError::Failed { .. }), "{error}");
}

#[test]
fn another_key_is_in_its_place_although_its_pages_are_in_the_log() {
    let rig = Rig::new();
    drop(killed(&rig, 1..=20));
    let engine = rig.open();
    engine.rekey_in_log(&key_of(2));
    let files = rig.files();
    drop(engine);
    put(&files);
    let error = rig.try_open(1).err();
    assert_eq!(error, Some(DatabaseError::WrongKey(rig.path())));
    let mut engine = rig.try_open(2).unwrap();
    assert_eq!(page_of(&engine).messages.len(), 20);
    engine.append(&[delivered(21, TEXT)], true).unwrap();
    let files = rig.files();
    drop(engine);
    put(&files);
    assert_eq!(page_of(&rig.try_open(2).unwrap()).messages.len(), 21);
}

#[test]
fn a_damaged_page_is_told_by_whoever_reads_it() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects: Vec<Effect> = (1..=200).map(|seq| delivered(seq, &[9; 2_000])).collect();
    engine.append(&effects, true).unwrap();
    drop(engine);
    let bytes = std::fs::metadata(rig.path()).unwrap().len() as usize;
    for page in 1..bytes / 4_096 {
        damage(&rig.path(), page * 4_096 + 100);
    }
    let error = match rig.try_open(1) {
        Err(error) => error,
        Ok(engine) => engine.check().err().unwrap_or_else(|| {
            panic!("every page but the first is damaged");
        }),
    };
    assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
}

#[test]
fn one_damaged_page_is_told_by_reads_and_by_the_check() {
    let rig = Rig::new();
    let mut engine = rig.open();
    engine.append(&[delivered(1, &[9; 60_000])], true).unwrap();
    engine.close().unwrap();
    let pages = std::fs::metadata(rig.path()).unwrap().len() as usize / 4_096;
    damage(&rig.path(), (pages - 2) * 4_096 + 100);
    let engine = rig.open();
    let read = engine.read(|connection| page::page(connection, CHAT, None, 10));
    let error = read.err().unwrap();
    assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
    drop(engine);
    let engine = rig.open();
    match engine.check() {
        Ok(findings) => assert!(!findings.is_empty()),
        Err(error) => assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}"),
    }
}

#[test]
fn a_later_version_is_refused() {
    let rig = Rig::new();
    let engine = rig.open();
    engine.set_version(schema::VERSION + 1);
    drop(engine);
    let error = rig.try_open(1).err();
    let expected = DatabaseError::LaterVersion {
        path: rig.path(),
        found: schema::VERSION + 1,
        known: schema::VERSION,
    };
    assert_eq!(error, Some(expected));
}

#[test]
fn a_file_half_made_does_not_stay() {
    let rig = Rig::new();
    std::fs::write(beside(&rig.path(), "-new"), b"half").unwrap();
    drop(rig.open());
    assert_eq!(rig.files().len(), 1);
}

/// Every file as a killed client leaves it, after a life with so many messages.
fn killed(rig: &Rig, seqs: std::ops::RangeInclusive<u64>) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut engine = rig.open();
    for seq in seqs {
        engine
            .append(&[delivered(seq, &[9; 2_000])], false)
            .unwrap();
    }
    let files = rig.files();
    engine.close().unwrap();
    files
}

fn put(files: &BTreeMap<PathBuf, Vec<u8>>) {
    for (path, content) in files {
        std::fs::write(path, content).unwrap();
    }
}

#[test]
fn what_a_killed_client_leaves_opens_with_all_of_it() {
    // With a log that was moved into the file, once or more, and one that was not.
    for count in [3, 300, 1_200] {
        let rig = Rig::new();
        let files = killed(&rig, 1..=count);
        put(&files);
        let mut engine = rig.open();
        assert_eq!(page_of(&engine).messages[0].seq, Some(count));
        assert!(!engine.is_set_back());
        engine.append(&[delivered(count + 1, TEXT)], true).unwrap();
        let files = rig.files();
        engine.close().unwrap();
        put(&files);
        let engine = rig.open();
        assert_eq!(page_of(&engine).messages[0].seq, Some(count + 1));
    }
}

#[test]
fn a_file_put_back_alone_beside_a_later_log_is_refused() {
    // The copy was made one life before the log began, or just before it and the log was moved into the file since.
    for (between, count) in [(1, 3), (0, 600)] {
        let rig = Rig::new();
        rig.open().close().unwrap();
        let copy = std::fs::read(rig.path()).unwrap();
        for seq in 0..between {
            drop(killed(&rig, seq + 1..=seq + 1));
        }
        let mut files = killed(&rig, 10..=10 + count);
        files.insert(rig.path(), copy);
        put(&files);
        let error = rig.try_open(1).err().unwrap();
        assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("-wal"), "{error}");
        assert!(rig.files() == files, "a file changed");
        std::fs::remove_file(beside(&rig.path(), "-wal")).unwrap();
        rig.open();
    }
}

#[test]
fn a_log_of_an_earlier_state_is_refused() {
    let rig = Rig::new();
    let earlier = killed(&rig, 1..=3);
    drop(killed(&rig, 4..=6));
    let log = beside(&rig.path(), "-wal");
    std::fs::write(&log, &earlier[&log]).unwrap();
    let error = rig.try_open(1).err().unwrap();
    assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
}

#[test]
fn a_file_without_the_log_that_it_had_is_set_back() {
    // Once without, and once with what the log had been moved into the file.
    for count in [3, 600] {
        let rig = Rig::new();
        let owner = DeviceAddress {
            user: OWN,
            device: 1,
        };
        let effects = [Effect::Persist(Record::Owner(owner)), Effect::CaughtUp];
        let mut engine = rig.open();
        engine.append(&effects, true).unwrap();
        for seq in 1..=count {
            engine
                .append(&[delivered(seq, &[9; 2_000])], false)
                .unwrap();
        }
        let files = rig.files();
        engine.close().unwrap();
        std::fs::write(rig.path(), &files[&rig.path()]).unwrap();
        for _ in 0..2 {
            let engine = rig.open();
            assert!(engine.is_set_back(), "{count}");
            engine.close().unwrap();
        }
        let mut engine = rig.open();
        engine.append(&effects, true).unwrap();
        engine.close().unwrap();
        assert!(!rig.open().is_set_back());
    }
}

#[test]
fn a_close_cut_short_is_no_close_of_the_next_life() {
    let rig = Rig::new();
    let owner = DeviceAddress {
        user: OWN,
        device: 1,
    };
    let effects = [Effect::Persist(Record::Owner(owner)), Effect::CaughtUp];
    let mut engine = rig.open();
    engine.append(&effects, true).unwrap();
    engine.close_in_log();
    let files = rig.files();
    drop(engine);
    put(&files);
    let mut engine = rig.open();
    assert!(!engine.is_set_back());
    // Enough for the log to be moved into the file once.
    let mut many: Vec<Effect> = (1..=80).map(|seq| delivered(seq, &[9; 60_000])).collect();
    many.push(Effect::Persist(Record::Confirmed {
        chat: CHAT,
        seq: 80,
    }));
    engine.append(&many, true).unwrap();
    let alone = std::fs::read(rig.path()).unwrap();
    drop(engine);
    std::fs::write(rig.path(), alone).unwrap();
    assert!(rig.open().is_set_back());
}

#[test]
fn any_path_opens_without_its_log() {
    let rig = Rig::new();
    let path = rig.folder.path().join("a b%20?c#d\u{e9}.db");
    let open = || Engine::open(&path, &key_of(1), Retention::default());
    let mut engine = open().unwrap();
    engine.append(&[delivered(1, TEXT)], true).unwrap();
    let kept = std::fs::read(beside(&path, "-wal")).unwrap();
    engine.close().unwrap();
    assert!(log::generation_of_file(&path, &key_of(1)).is_some());
    assert_eq!(log::generation_of_file(&path, &key_of(2)), None);
    std::fs::write(beside(&path, "-wal"), kept).unwrap();
    open().unwrap();
}
