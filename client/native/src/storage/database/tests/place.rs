//! A file that was set back to a copy is known, until its client has everything again.

use ringpost_client_core::{Effect, Record};
use ringpost_wire::DeviceAddress;

use super::rig::{OWN, Rig, delivered, page_of, places};

fn owner() -> Effect {
    let (user, device) = (OWN, 1);
    Effect::Persist(Record::Owner(DeviceAddress { user, device }))
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

#[test]
fn a_file_that_stays_is_not_set_back() {
    let rig = Rig::new();
    assert!(!live(&rig));
    assert!(!live(&rig));
    drop(rig.open());
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
fn a_copy_of_all_files_elsewhere_is_set_back() {
    let (rig, other) = (Rig::new(), Rig::new());
    live(&rig);
    for entry in std::fs::read_dir(rig.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let place = other.folder.path().join(entry.file_name());
        std::fs::copy(entry.path(), place).unwrap();
    }
    assert!(live(&other));
    assert!(!live(&rig));
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
