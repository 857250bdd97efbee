//! The session's state: there again after every batch, whatever the records; unchanged by a full disk.

use proptest::prelude::*;
use ringpost_client_core::{ChatState, Effect, Record};
use ringpost_wire::DeviceAddress;
use rusqlite::Connection;

use super::rig::{CHAT, OWN, Rig, accepted, delivered, page_of, places, sent};
use crate::storage::database::engine::Engine;
use crate::storage::database::engine_error::DatabaseError;

#[test]
fn what_was_appended_is_there_again() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let owner = DeviceAddress {
        user: OWN,
        device: 7,
    };
    let effects = [
        Effect::Persist(Record::Owner(owner)),
        accepted(1, b"one"),
        accepted(2, b"two"),
    ];
    engine.append(&effects, true).unwrap();
    engine.append(&sent(1, 1), false).unwrap();
    let state = engine.state();
    drop(engine);
    let engine = rig.open();
    assert_eq!(engine.state(), state);
    assert_eq!(state.owner(), Some(owner));
    assert_eq!(state.outbox_messages(), 1);
}

#[test]
fn a_full_disk_changes_nothing_and_later_there_is_room() {
    let rig = Rig::new();
    let mut engine = rig.open();
    engine.append(&[accepted(1, b"kept")], true).unwrap();
    let before = engine.state();
    engine.limit_pages(true);
    let large = [accepted(2, &[7; 60_000]), accepted(3, &[7; 60_000])];
    let error = engine.append(&large, true).unwrap_err();
    assert_eq!(error, DatabaseError::Full(rig.path()));
    assert_eq!(engine.state(), before);
    engine.limit_pages(false);
    engine.append(&[accepted(2, b"fits")], true).unwrap();
    let after = engine.state();
    assert_eq!(places(&page_of(&engine)), [None, None]);
    drop(engine);
    assert_eq!(rig.open().state(), after);
}

#[test]
fn state_and_history_of_a_batch_come_together() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let confirmed = Effect::Persist(Record::Confirmed { chat: CHAT, seq: 2 });
    let batch = [delivered(1, b"a"), delivered(2, b"b"), confirmed];
    engine.append(&batch, true).unwrap();
    drop(engine);
    let engine = rig.open();
    assert_eq!(engine.state().chat(CHAT).unwrap().cursor(), Some(2));
    assert_eq!(places(&page_of(&engine)), [Some(2), Some(1)]);
}

#[test]
fn what_a_killed_client_did_not_sync_is_synced_before_anything_builds_on_it() {
    let rig = Rig::new();
    let mut engine = rig.open();
    engine.append(&[delivered(1, b"a")], false).unwrap();
    let files = rig.files();
    drop(engine);
    for (path, content) in files {
        std::fs::write(path, content).unwrap();
    }
    let syncs = |engine: &Engine| {
        let sql = "SELECT syncs FROM meta";
        let read = |connection: &Connection| connection.query_row(sql, [], |row| row.get(0));
        engine.read::<i64>(read).unwrap()
    };
    let mut engine = rig.open();
    let before = syncs(&engine);
    engine.append(&[], true).unwrap();
    assert_eq!(syncs(&engine), before + 1);
    engine.append(&[], true).unwrap();
    assert_eq!(syncs(&engine), before + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_records_leave_the_same_state(steps in prop::collection::vec((0u8..5, 1u64..12, any::<bool>()), 0..40)) {
        let rig = Rig::new();
        let mut engine = rig.open();
        let mut model = engine.state();
        for (step, number, is_durable) in steps {
            let next = model.chat(CHAT).map_or(1, ChatState::next_client_seq);
            let effect = match step {
                0 => accepted(next, &number.to_le_bytes()),
                1 => Effect::Persist(Record::Settled { chat: CHAT, client_seq: next.saturating_sub(number), seq: number }),
                2 => Effect::Persist(Record::Confirmed { chat: CHAT, seq: number }),
                3 => Effect::Persist(Record::Withdrawn { chat: CHAT, client_seq: next.saturating_sub(number) }),
                _ => Effect::Persist(Record::Renumbered { chat: CHAT, first: number, careful_to: number + 60 }),
            };
            let Effect::Persist(record) = &effect else { unreachable!("all of them are records") };
            // In the outbox an id is there once; the machine sees to it.
            let is_repeated = matches!(record, Record::Accepted { entry, .. }
                if model.outbox(CHAT).any(|waiting| waiting.message_id == entry.message_id));
            if is_repeated || model.apply(record).is_err() {
                continue;
            }
            engine.append(&[effect], is_durable).unwrap();
            prop_assert_eq!(&engine.state(), &model);
        }
        drop(engine);
        prop_assert_eq!(rig.open().state(), model);
    }
}
