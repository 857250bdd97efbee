//! A file that was set back to a copy is known, until its client has everything again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ringpost_client_core::{Effect, Record};
use ringpost_wire::DeviceAddress;

use super::rig::{CHAT, OWN, Rig, delivered, page_of, places};
use crate::storage::database::engine::Engine;
use crate::storage::database::engine_error::DatabaseError;
use crate::storage::database::limits::MARK_AGE_MAX;
use crate::storage::database::open::beside;
use crate::storage::database::place::{Standing, Step};

fn owner() -> Effect {
    let (user, device) = (OWN, 1);
    Effect::Persist(Record::Owner(DeviceAddress { user, device }))
}

fn confirmed(seq: u64) -> Effect {
    Effect::Persist(Record::Confirmed { chat: CHAT, seq })
}

/// A life of a client, up to where it has everything. Answers whether the file was set back before.
fn live(rig: &Rig) -> bool {
    let mut engine = rig.open();
    let was_set_back = engine.is_set_back();
    engine.append(&[owner(), Effect::CaughtUp], true).unwrap();
    assert!(!engine.is_set_back());
    engine.close().unwrap();
    was_set_back
}

/// A life in which something is confirmed, and which ends before its client has everything.
fn live_shortly(rig: &Rig) {
    let mut engine = rig.open();
    assert!(!engine.is_set_back());
    engine.append(&[confirmed(1)], true).unwrap();
    engine.close().unwrap();
}

/// Every file with its content, the lock file too.
fn copy_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect()
}

/// Writes over a file as `cp -a` does: it stays the same file. It waits until that shows in the time of its last change.
#[cfg(unix)]
fn write_over(path: &Path, content: &[u8]) {
    use std::os::unix::fs::MetadataExt;
    let changed = || {
        let metadata = std::fs::metadata(path).unwrap();
        (metadata.ctime(), metadata.ctime_nsec())
    };
    let before = changed();
    while changed() == before {
        std::fs::write(path, content).unwrap();
    }
}

fn has_place(engine: &Engine) -> bool {
    let read = engine.read(|connection| {
        connection.query_row("SELECT place IS NOT NULL FROM meta", [], |row| row.get(0))
    });
    read.unwrap()
}

#[test]
fn a_file_that_stays_is_not_set_back() {
    let rig = Rig::new();
    assert!(!live(&rig));
    assert!(!live(&rig));
    drop(rig.open());
    live_shortly(&rig);
    live_shortly(&rig);
    assert!(!live(&rig));
}

#[test]
fn a_copy_of_the_file_in_its_place_is_set_back_until_all_is_there() {
    let rig = Rig::new();
    live(&rig);
    let copy = std::fs::read(rig.path()).unwrap();
    live(&rig);
    std::fs::write(rig.path(), &copy).unwrap();
    assert!(rig.open().is_set_back());
    assert!(live(&rig));
    assert!(!live(&rig));
}

#[test]
#[cfg(unix)]
fn a_copy_of_all_files_written_over_them_is_set_back() {
    let rig = Rig::new();
    live(&rig);
    let copy = copy_of(rig.folder.path());
    live(&rig);
    for (path, content) in &copy {
        write_over(path, content);
    }
    assert!(live(&rig));
    assert!(!live(&rig));
}

#[test]
fn a_copy_is_set_back_although_no_life_since_came_to_everything() {
    let rig = Rig::new();
    live(&rig);
    let copy = std::fs::read(rig.path()).unwrap();
    live_shortly(&rig);
    std::fs::write(rig.path(), &copy).unwrap();
    assert!(live(&rig));
}

#[test]
fn a_copy_from_before_the_first_life_is_set_back() {
    let rig = Rig::new();
    rig.open().close().unwrap();
    let copy = std::fs::read(rig.path()).unwrap();
    live_shortly(&rig);
    std::fs::write(rig.path(), &copy).unwrap();
    assert!(live(&rig));
}

#[test]
fn a_set_back_that_the_session_shows_is_known_until_all_is_there() {
    let rig = Rig::new();
    live(&rig);
    let mut engine = rig.open();
    engine
        .append(&[Effect::SetBack, confirmed(1)], true)
        .unwrap();
    assert!(engine.is_set_back() && !has_place(&engine));
    engine.close().unwrap();
    let mut engine = rig.open();
    assert!(engine.is_set_back());
    engine
        .append(&[Effect::CaughtUp, Effect::SetBack], true)
        .unwrap();
    assert!(engine.is_set_back());
    engine.append(&[Effect::CaughtUp], true).unwrap();
    assert!(!engine.is_set_back() && has_place(&engine));
    engine.close().unwrap();
    assert!(!live(&rig));
}

#[test]
fn a_set_back_that_showed_shows_again_until_all_is_there() {
    let rig = Rig::new();
    live(&rig);
    let copy = std::fs::read(rig.path()).unwrap();
    live(&rig);
    std::fs::write(rig.path(), &copy).unwrap();
    for seq in 1..4 {
        let mut engine = rig.open();
        assert!(engine.is_set_back());
        let effects = [delivered(seq, b"again"), confirmed(seq)];
        engine.append(&effects, true).unwrap();
        assert!(engine.is_set_back());
        assert!(!has_place(&engine));
        engine.close().unwrap();
    }
    assert!(live(&rig));
    assert!(!live(&rig));
}

#[test]
fn a_copy_of_all_files_elsewhere_is_set_back() {
    let (rig, other) = (Rig::new(), Rig::new());
    live(&rig);
    for (path, content) in copy_of(rig.folder.path()) {
        let place = other.folder.path().join(path.file_name().unwrap());
        std::fs::write(place, content).unwrap();
    }
    assert!(live(&other));
    assert!(!live(&rig));
}

#[test]
fn a_folder_that_was_renamed_is_not_set_back_and_a_lost_lock_file_is() {
    let rig = Rig::new();
    live(&rig);
    let (here, there) = (rig.folder.path(), rig.folder.path().with_extension("there"));
    std::fs::rename(here, &there).unwrap();
    std::fs::rename(&there, here).unwrap();
    assert!(!live(&rig));
    std::fs::remove_file(beside(&rig.path(), "-lock")).unwrap();
    assert!(live(&rig));
    assert!(!live(&rig));
}

#[test]
fn a_full_disk_leaves_the_place_to_the_next_record() {
    let rig = Rig::new();
    live(&rig);
    let mut engine = rig.open();
    engine.limit_pages(true);
    let large: Vec<Effect> = (1..4).map(|seq| delivered(seq, &[7; 60_000])).collect();
    let effects = [&large[..], &[confirmed(3)]].concat();
    let error = engine.append(&effects, true).unwrap_err();
    assert_eq!(error, DatabaseError::Full(rig.path()));
    engine.limit_pages(false);
    engine.append(&effects, true).unwrap();
    engine.close().unwrap();
    assert!(!live(&rig));
}

#[test]
fn a_mark_that_is_old_is_followed_by_a_new_one() {
    let mut standing = Standing::default();
    let begun = Instant::now();
    let step = |standing: &Standing, effects: &[Effect], now| standing.step(effects, now);
    assert_eq!(step(&standing, &[Effect::CaughtUp], begun), Step::Stay);
    assert_eq!(step(&standing, &[confirmed(1)], begun), Step::Renew);
    standing.stepped(Step::Renew, &[confirmed(1)], begun);
    assert_eq!(step(&standing, &[confirmed(2)], begun), Step::Stay);
    let later = begun + MARK_AGE_MAX;
    assert_eq!(step(&standing, &[delivered(3, b"x")], later), Step::Stay);
    assert_eq!(step(&standing, &[confirmed(3)], later), Step::Renew);
}

#[test]
fn own_messages_from_the_log_are_put_back_once_and_in_their_place() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let Effect::Deliver(mut own) = delivered(1, b"mine") else {
        unreachable!("a delivery");
    };
    own.seq = 2;
    let effects = [
        delivered(1, b"hers"),
        delivered(3, b"hers again"),
        Effect::Own(own.clone()),
        Effect::Own(own),
    ];
    engine.append(&effects, true).unwrap();
    let page = page_of(&engine);
    assert_eq!(places(&page), [Some(3), Some(2), Some(1)]);
    assert_eq!(page.messages[1].sender, None);
    assert_eq!(page.messages[1].payload.as_ref(), b"mine");
}
