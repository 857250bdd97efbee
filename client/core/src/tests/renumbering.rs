//! `SequenceReused`: the log is looked at, what is stored is taken out, the rest is numbered again and sent one at a time.

use ringpost_wire::{EmptyRange, EmptyReason, ErrorCode};

use super::rig::{CHAT, OWN, Request, Rig, requests, sends};
use crate::{Effect, Input};

/// A session with messages 1 to 3 unanswered.
fn three_sent() -> Rig {
    let mut rig = Rig::live();
    for id in 1..=3 {
        rig.send(id);
    }
    rig.effects();
    rig
}

#[test]
fn the_log_is_read_only_after_every_transmission_is_answered() {
    let mut rig = three_sent();
    rig.refuse(1, ErrorCode::SequenceReused, 3);
    rig.refuse(2, ErrorCode::SequenceReused, 3);
    rig.send(4);
    assert!(matches!(rig.requests()[..], [Request::ListAll(_)]));
    rig.sent(3, 8);
    let effects = rig.effects();
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Sent { message_id: 3, .. }))
    );
    assert!(matches!(
        requests(&effects)[..],
        [Request::Read { from: 1, .. }]
    ));
}

#[test]
fn what_is_stored_is_taken_out_and_the_rest_goes_one_at_a_time() {
    let mut rig = three_sent();
    for client_seq in 1..=3 {
        rig.refuse(client_seq, ErrorCode::SequenceReused, 7);
    }
    let (request, from) = rig.read();
    assert_eq!(from, 1);
    rig.deliver(1);
    rig.deliver_from(OWN, 2, 2);
    rig.page(request, (1, 2, 2), &[]);
    let effects = rig.effects();
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Sent {
            message_id: 2,
            seq: 2,
            ..
        }
    )));
    assert_eq!(sends(&requests(&effects)), [(7, 1, 0)]);
    rig.sent(7, 3);
    assert_eq!(sends(&rig.requests()), [(8, 3, 0)]);
    rig.send(4);
    rig.send(5);
    assert_eq!(sends(&rig.requests()), []);
    rig.sent(8, 4);
    assert_eq!(sends(&rig.requests()), [(9, 4, 0), (10, 5, 1)]);
}

#[test]
fn one_at_a_time_lasts_past_the_highest_number_used_before_and_over_a_restart() {
    let mut rig = Rig::live();
    for id in 1..=5 {
        rig.send(id);
        rig.sent(id, id);
    }
    rig.send(6);
    rig.effects();
    rig.refuse(6, ErrorCode::SequenceReused, 3);
    let (request, from) = rig.read();
    assert_eq!(from, 6);
    rig.page(request, (6, 5, 5), &[]);
    rig.send(7);
    assert_eq!(sends(&rig.requests()), [(3, 6, 0)]);
    let mut rig = Rig::with(rig.durable).go_live();
    assert_eq!(rig.durable.chat(CHAT).unwrap().highest_client_seq(), 6);
    rig.send(8);
    rig.send(9);
    assert_eq!(rig.requests(), []);
    rig.sent(3, 6);
    assert_eq!(sends(&rig.requests()), [(4, 7, 0)]);
    rig.sent(4, 7);
    assert_eq!(sends(&rig.requests()), [(5, 8, 0)]);
    rig.sent(5, 8);
    assert_eq!(sends(&rig.requests()), [(6, 9, 0)]);
    rig.send(10);
    rig.send(11);
    assert_eq!(rig.requests(), []);
    rig.sent(6, 9);
    assert_eq!(sends(&rig.requests()), [(7, 10, 0), (8, 11, 1)]);
}

#[test]
fn a_further_reuse_is_looked_at_again() {
    let mut rig = three_sent();
    for client_seq in 1..=3 {
        rig.refuse(client_seq, ErrorCode::SequenceReused, 2);
    }
    let (request, _) = rig.read();
    rig.page(request, (1, 0, 0), &[]);
    assert_eq!(sends(&rig.requests()), [(2, 1, 0)]);
    rig.refuse(2, ErrorCode::SequenceReused, 4);
    let (request, from) = rig.read();
    assert_eq!(from, 1);
    rig.deliver_from(OWN, 1, 1);
    rig.page(request, (1, 1, 1), &[]);
    let effects = rig.effects();
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Sent { message_id: 1, .. }))
    );
    assert_eq!(sends(&requests(&effects)), [(4, 2, 0)]);
}

#[test]
fn a_stretch_that_is_gone_leaves_doubtful_messages_undetermined() {
    let mut rig = three_sent();
    rig.reconnect();
    rig.send(4);
    rig.effects();
    for client_seq in 1..=4 {
        rig.refuse(client_seq, ErrorCode::SequenceReused, 9);
    }
    let (request, _) = rig.read();
    let gone = EmptyRange {
        from: 1,
        to: 2,
        reason: EmptyReason::Trimmed,
    };
    rig.deliver_from(OWN, 3, 3);
    rig.page(request, (1, 3, 3), &[gone]);
    let effects = rig.effects();
    let undetermined: Vec<u64> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Undetermined { message_id, .. } => Some(*message_id),
            _ => None,
        })
        .collect();
    assert_eq!(undetermined, [1, 2]);
    assert_eq!(sends(&requests(&effects)), [(9, 4, 0)]);
}

#[test]
fn a_connection_lost_in_mid_look_begins_anew() {
    let mut rig = three_sent();
    for client_seq in 1..=3 {
        rig.refuse(client_seq, ErrorCode::SequenceReused, 7);
    }
    rig.read();
    rig.reconnect();
    assert_eq!(sends(&rig.requests()), [(1, 1, 0), (2, 2, 1), (3, 3, 2)]);
}

#[test]
fn a_look_goes_on_from_page_to_page_up_to_the_head() {
    let mut rig = three_sent();
    for client_seq in 1..=3 {
        rig.refuse(client_seq, ErrorCode::SequenceReused, 7);
    }
    let (request, _) = rig.read();
    rig.deliver(1);
    rig.page(request, (1, 1, 3), &[]);
    let (request, from) = rig.read();
    assert_eq!(from, 2);
    rig.deliver(2);
    rig.deliver_from(OWN, 3, 3);
    rig.page(request, (2, 3, 3), &[]);
    assert_eq!(sends(&rig.requests()), [(7, 1, 0)]);
}

#[test]
fn with_nothing_left_the_next_message_has_the_expected_number() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.effects();
    rig.refuse(1, ErrorCode::SequenceReused, 5);
    let (request, _) = rig.read();
    rig.deliver_from(OWN, 1, 1);
    rig.page(request, (1, 1, 1), &[]);
    rig.effects();
    rig.send(2);
    assert_eq!(sends(&rig.requests()), [(5, 2, 0)]);
}

#[test]
fn what_is_read_to_find_own_messages_does_not_place_the_chat() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.effects();
    rig.refuse(1, ErrorCode::SequenceReused, 5);
    let (request, _) = rig.read();
    rig.deliver(1);
    rig.deliver(2);
    rig.page(request, (1, 2, 2), &[]);
    let effects = rig.effects();
    assert_eq!(super::rig::delivered(&effects), Vec::<u64>::new());
    rig.input(Input::Confirm { chat: CHAT, seq: 2 });
    rig.pass(1_000);
    assert_eq!(super::rig::acks(&rig.requests()), Vec::<u64>::new());
}

#[test]
fn a_number_that_the_server_waits_for_comes_before_numbers_are_given_again() {
    let mut rig = three_sent();
    rig.refuse(1, ErrorCode::SequenceReused, 9);
    rig.refuse(2, ErrorCode::Overloaded, 0);
    rig.refuse(3, ErrorCode::RefusedBefore, 0);
    assert!(matches!(rig.requests()[..], [Request::ListAll(_)]));
    rig.pass(1_000);
    assert_eq!(sends(&rig.requests()), [(2, 2, 1)]);
    rig.refuse(2, ErrorCode::SequenceReused, 9);
    let (request, _) = rig.read();
    rig.page(request, (1, 0, 0), &[]);
    assert_eq!(sends(&rig.requests()), [(9, 1, 0)]);
}
