//! The history: one row a message, in the chat's order, within its limits.

use std::time::Duration;

use ringpost_client_core::{Effect, Record};
use ringpost_wire::{ErrorCode, UserId};

use super::rig::{CHAT, PEER, Rig, accepted, delivered, key_of, page_of, places, sent};
use crate::storage::database::engine::Engine;
use crate::storage::database::message::{MessageState, Receipt};
use crate::storage::database::page;
use crate::storage::database::retention::Retention;

fn refused(client_seq: u64) -> [Effect; 2] {
    let told = Effect::Refused {
        chat: CHAT,
        message_id: 1_000 + client_seq,
        code: ErrorCode::NotMember,
        device_epoch: 0,
    };
    let record = Record::Settled {
        chat: CHAT,
        client_seq,
        seq: 0,
    };
    [told, Effect::Persist(record)]
}

#[test]
fn messages_stand_in_the_chats_order_and_waiting_ones_first() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects = [
        accepted(1, b"mine"),
        accepted(2, b"later"),
        delivered(1, b"hers"),
    ];
    engine.append(&effects, true).unwrap();
    assert_eq!(places(&page_of(&engine)), [None, None, Some(1)]);
    engine.append(&sent(1, 2), false).unwrap();
    let page = page_of(&engine);
    assert_eq!(places(&page), [None, Some(2), Some(1)]);
    let states: Vec<_> = page.messages.iter().map(|message| message.state).collect();
    let expected = [
        MessageState::Waiting,
        MessageState::Sent,
        MessageState::Received,
    ];
    assert_eq!(states, expected);
    assert_eq!(page.messages[1].payload.as_ref(), b"mine");
    assert_eq!(page.messages[1].time_ms, 70_002);
    assert_eq!(page.messages[1].sender, None);
    assert_eq!(
        page.messages[2].sender.map(|sender| sender.user),
        Some(PEER)
    );
}

#[test]
fn told_again_nothing_changes() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects = [accepted(1, b"mine"), delivered(1, b"hers")];
    engine.append(&effects, true).unwrap();
    engine.append(&sent(1, 2), false).unwrap();
    let before = page_of(&engine);
    let [told, _] = sent(1, 2);
    engine
        .append(&[told, delivered(1, b"other")], false)
        .unwrap();
    assert_eq!(page_of(&engine), before);
}

/// The own message as the log has it.
fn own(client_seq: u64, seq: u64, payload: &[u8]) -> Effect {
    let Effect::Deliver(mut message) = delivered(seq, payload) else {
        unreachable!("a delivery");
    };
    message.message_id = 1_000 + client_seq;
    Effect::Own(message)
}

fn history_bytes(engine: &Engine) -> (i64, i64) {
    let sql =
        "SELECT history_bytes, (SELECT coalesce(sum(length(payload)), 0) FROM history) FROM meta";
    engine
        .read(|connection| connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))
        .unwrap()
}

#[test]
fn an_own_message_that_the_log_shows_before_its_answer_has_one_row() {
    for is_answered_first in [false, true] {
        let rig = Rig::new();
        let mut engine = rig.open();
        engine.append(&[accepted(1, b"mine")], true).unwrap();
        let [told, settled] = sent(1, 5);
        let from_log = own(1, 5, b"mine");
        let effects = match is_answered_first {
            true => [told, settled, from_log],
            false => [from_log, told, settled],
        };
        for effect in effects {
            engine.append(&[effect], true).unwrap();
        }
        let page = page_of(&engine);
        assert_eq!(places(&page), [Some(5)]);
        assert_eq!(page.messages[0].state, MessageState::Sent);
        assert_eq!(history_bytes(&engine), (4, 4));
        drop(engine);
        assert_eq!(rig.open().state().outbox_messages(), 0);
    }
}

#[test]
fn an_id_used_again_is_found_where_it_was() {
    let rig = Rig::new();
    let mut engine = rig.open();
    engine.append(&[accepted(1, b"mine")], true).unwrap();
    engine.append(&sent(1, 5), true).unwrap();
    let Effect::Persist(Record::Accepted { chat, mut entry }) = accepted(2, b"other") else {
        unreachable!("a record");
    };
    entry.message_id = 1_001;
    let again = Effect::Persist(Record::Accepted { chat, entry });
    engine.append(&[again], true).unwrap();
    let [told, _] = sent(1, 5);
    let [_, settled] = sent(2, 5);
    engine.append(&[told, settled], true).unwrap();
    let page = page_of(&engine);
    assert_eq!(places(&page), [Some(5)]);
    assert_eq!(page.messages[0].payload.as_ref(), b"mine");
    assert_eq!(history_bytes(&engine), (4, 4));
}

#[test]
fn a_refused_message_stays_where_it_was_refused() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects = [accepted(1, b"mine"), delivered(1, b"hers")];
    engine.append(&effects, true).unwrap();
    engine.append(&refused(1), false).unwrap();
    engine.append(&[delivered(2, b"hers")], false).unwrap();
    let page = page_of(&engine);
    assert_eq!(places(&page), [Some(2), None, Some(1)]);
    let state = MessageState::Refused(ErrorCode::NotMember);
    assert_eq!(page.messages[1].state, state);
}

#[test]
fn pages_join_without_gap_or_overlap() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects: Vec<Effect> = (1..=25).map(|seq| delivered(seq, b"x")).collect();
    engine.append(&effects, true).unwrap();
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = engine
            .read(|connection| page::page(connection, CHAT, before, 10))
            .unwrap();
        seen.extend(places(&page));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (1..=25).rev().map(Some).collect();
    assert_eq!(seen, expected);
}

#[test]
fn receipts_only_grow() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let receipt = |user, delivered_to, read_to| Effect::Receipt {
        chat: CHAT,
        user,
        delivered_to,
        read_to,
    };
    let effects = [
        receipt(None, 3, 1),
        receipt(Some(PEER), 5, 5),
        receipt(None, 2, 2),
    ];
    engine.append(&effects, false).unwrap();
    let told = engine
        .read(|connection| page::receipts(connection, CHAT))
        .unwrap();
    let expected = |user: Option<UserId>, delivered_to, read_to| Receipt {
        user,
        delivered_to,
        read_to,
    };
    let all = [expected(None, 3, 2), expected(Some(PEER), 5, 5)];
    assert_eq!(told, all);
}

#[test]
fn deleting_leaves_what_waits_in_the_outbox() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects = [accepted(1, b"mine"), delivered(1, b"a"), delivered(2, b"b")];
    engine.append(&effects, true).unwrap();
    let page = page_of(&engine);
    assert!(
        !engine
            .delete_message(CHAT, page.messages[0].cursor)
            .unwrap()
    );
    assert!(
        engine
            .delete_message(CHAT, page.messages[1].cursor)
            .unwrap()
    );
    assert!(
        !engine
            .delete_message(CHAT, page.messages[1].cursor)
            .unwrap()
    );
    assert_eq!(places(&page_of(&engine)), [None, Some(1)]);
    engine.delete_chat(CHAT).unwrap();
    assert_eq!(places(&page_of(&engine)), [None]);
    let listed = |engine: &Engine| {
        engine
            .read(|connection| page::conversations(connection, 10))
            .unwrap()
            .len()
    };
    assert_eq!(listed(&engine), 1);
    engine.append(&sent(1, 3), true).unwrap();
    engine.delete_chat(CHAT).unwrap();
    assert_eq!(listed(&engine), 0);
}

#[test]
fn a_deleted_chat_gives_its_room_back() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects: Vec<Effect> = (1..=500).map(|seq| delivered(seq, &[9; 2_000])).collect();
    engine.append(&effects, true).unwrap();
    engine.delete_chat(CHAT).unwrap();
    drop(engine);
    let bytes: usize = rig.files().values().map(Vec::len).sum();
    assert!(bytes < 200_000, "{bytes}");
}

#[test]
fn the_first_messages_go_when_there_are_too_many_bytes() {
    let rig = Rig::new();
    let retention = Retention {
        bytes_max: 100_000,
        age_max: None,
    };
    let mut engine = Engine::open(&rig.path(), &key_of(1), retention).unwrap();
    engine.append(&[accepted(1, b"mine")], true).unwrap();
    for seq in 1..=400 {
        engine
            .append(&[delivered(seq, &[9; 1_000])], false)
            .unwrap();
    }
    let last = |engine: &Engine| {
        let whole = engine.read(|connection| page::page(connection, CHAT, None, 1_000));
        whole.unwrap().messages
    };
    let messages = last(&engine);
    let bytes: usize = messages.iter().map(|message| message.payload.len()).sum();
    assert!(bytes <= 100_000, "{bytes}");
    assert!(bytes > 100_000 - 1_000, "{bytes}");
    assert_eq!(messages[0].state, MessageState::Waiting);
    assert_eq!(messages[1].seq, Some(400));
    drop(engine);
    let mut engine = Engine::open(&rig.path(), &key_of(1), retention).unwrap();
    engine
        .append(&[delivered(401, &[9; 90_000])], false)
        .unwrap();
    let messages = last(&engine);
    assert_eq!(messages[1].seq, Some(401));
    assert_eq!(messages.len(), 1 + 1 + 9);
}

#[test]
fn old_messages_go() {
    let rig = Rig::new();
    let mut engine = rig.open();
    let effects = [accepted(1, b"mine"), delivered(1, b"a")];
    engine.append(&effects, true).unwrap();
    drop(engine);
    let retention = Retention {
        age_max: Some(Duration::ZERO),
        ..Retention::default()
    };
    let mut engine = Engine::open(&rig.path(), &key_of(1), retention).unwrap();
    engine.set_kept_ms(1_000);
    engine.append(&[delivered(2, b"b")], true).unwrap();
    assert!(!places(&page_of(&engine)).contains(&Some(1)));
    assert!(places(&page_of(&engine)).contains(&None));
}
