//! Sending: dense numbers, durable before transmitted, the same again after a loss, and the answers to refusals.

use ringpost_wire::{EmptyRange, EmptyReason, ErrorCode};

use super::rig::{CHAT, Request, Rig, records, requests, sends};
use crate::limits::{OUTBOX_CHAT_MESSAGES_MAX, RETRY_WAIT_MS_MAX};
use crate::{Effect, NotAccepted, Record};

fn outcome(effects: &[Effect]) -> Vec<&Effect> {
    let is_outcome = |effect: &&Effect| {
        matches!(
            effect,
            Effect::Sent { .. } | Effect::Refused { .. } | Effect::Undetermined { .. }
        )
    };
    effects.iter().filter(is_outcome).collect()
}

#[test]
fn a_message_is_durable_before_it_is_transmitted() {
    let mut rig = Rig::live();
    rig.send(11);
    let effects = rig.effects();
    assert!(matches!(
        &effects[..],
        [
            Effect::Persist(Record::Accepted { .. }),
            Effect::Accepted { .. },
            Effect::Transmit { .. }
        ]
    ));
    rig.sent(1, 1);
    let effects = rig.effects();
    let is_told_first = matches!(
        &effects[..2],
        [
            Effect::Sent {
                message_id: 11,
                seq: 1,
                ..
            },
            Effect::Persist(Record::Settled { .. })
        ]
    );
    assert!(is_told_first, "{effects:?}");
    assert_eq!(rig.durable.outbox_messages(), 0);
}

#[test]
fn sixteen_may_be_unanswered_and_each_tells_its_forerunners() {
    let mut rig = Rig::live();
    for id in 1..=20 {
        rig.send(id);
    }
    let expected: Vec<_> = (1..=16).map(|n| (n, n, (n - 1) as u8)).collect();
    assert_eq!(sends(&rig.requests()), expected);
    rig.sent(1, 1);
    assert_eq!(sends(&rig.requests()), [(17, 17, 15)]);
}

#[test]
fn after_a_reconnect_the_unanswered_go_again_with_the_same_numbers() {
    let mut rig = Rig::live();
    for id in 1..=3 {
        rig.send(id);
    }
    rig.sent(1, 1);
    rig.effects();
    rig.reconnect();
    assert_eq!(sends(&rig.requests()), [(2, 2, 0), (3, 3, 1)]);
}

#[test]
fn after_a_restart_the_outbox_goes_again_with_the_same_numbers() {
    let mut rig = Rig::live();
    for id in 1..=3 {
        rig.send(id);
    }
    rig.sent(1, 1);
    let mut again = Rig::with(rig.durable);
    again.input(crate::Input::Connect);
    again.open_session();
    assert_eq!(sends(&again.requests()), [(2, 2, 0), (3, 3, 1)]);
    again.send(4);
    assert_eq!(sends(&again.requests()), [(4, 4, 2)]);
}

#[test]
fn a_refusal_for_load_keeps_number_and_bytes_and_the_order() {
    let mut rig = Rig::live();
    for id in 1..=3 {
        rig.send(id);
    }
    let first = rig.effects();
    rig.refuse(1, ErrorCode::Overloaded, 0);
    rig.refuse(2, ErrorCode::RefusedBefore, 0);
    rig.refuse(3, ErrorCode::RefusedBefore, 0);
    assert_eq!(rig.requests(), []);
    rig.send(4);
    assert_eq!(rig.requests(), []);
    rig.pass(RETRY_WAIT_MS_MAX);
    let again = rig.effects();
    let expected = [(1, 1, 0), (2, 2, 1), (3, 3, 2), (4, 4, 3)];
    assert_eq!(sends(&requests(&again)), expected);
    let transmits = |effects: &[Effect]| -> Vec<Effect> {
        let is_transmit = |effect: &&Effect| matches!(effect, Effect::Transmit { .. });
        effects.iter().filter(is_transmit).cloned().collect()
    };
    assert_eq!(transmits(&again)[..3], transmits(&first)[..]);
    assert!(records(&again).is_empty());
}

#[test]
fn the_wait_after_a_refusal_for_load_is_the_servers() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.effects();
    let refused = ringpost_wire::Refused {
        chat: CHAT,
        client_seq: 1,
        code: ErrorCode::Unavailable,
        expected: 0,
        retry_after_ms: 7_000,
        device_epoch: 0,
    };
    rig.receive(|out| refused.encode(out));
    rig.pass(6_999);
    assert_eq!(rig.requests(), []);
    rig.pass(100);
    assert_eq!(sends(&rig.requests()), [(1, 1, 0)]);
}

#[test]
fn a_gap_is_sent_again_from_the_expected_number_and_never_renumbered() {
    let mut rig = Rig::live();
    for id in 1..=3 {
        rig.send(id);
    }
    rig.effects();
    rig.refuse(2, ErrorCode::Gap, 1);
    rig.refuse(3, ErrorCode::Gap, 1);
    rig.pass(100);
    assert_eq!(rig.requests(), [], "the answer to 1 is not there");
    rig.refuse(1, ErrorCode::Overloaded, 0);
    rig.pass(1_000);
    let effects = rig.effects();
    assert_eq!(
        sends(&requests(&effects)),
        [(1, 1, 0), (2, 2, 1), (3, 3, 2)]
    );
    assert!(records(&effects).is_empty());
}

#[test]
fn a_gap_below_the_outbox_changes_no_number() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.sent(1, 1);
    rig.send(2);
    rig.effects();
    rig.refuse(2, ErrorCode::Gap, 1);
    rig.pass(100);
    let effects = rig.effects();
    assert_eq!(sends(&requests(&effects)), [(2, 2, 0)]);
    assert!(records(&effects).is_empty());
}

#[test]
fn a_refusal_is_reported_after_the_log_was_looked_at() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.effects();
    rig.refuse(1, ErrorCode::NoRight, 0);
    let effects = rig.effects();
    assert_eq!(outcome(&effects), Vec::<&Effect>::new());
    let [Request::Read { request, from: 1 }] = requests(&effects)[..] else {
        panic!("{effects:?}");
    };
    rig.page(request, (1, 0, 0), &[]);
    let effects = rig.effects();
    assert!(matches!(
        outcome(&effects)[..],
        [Effect::Refused {
            message_id: 1,
            code: ErrorCode::NoRight,
            ..
        }]
    ));
    assert_eq!(rig.durable.outbox_messages(), 0);
    rig.send(2);
    assert_eq!(sends(&rig.requests()), [(2, 2, 0)]);
}

#[test]
fn a_refused_message_that_is_in_the_log_was_sent() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.effects();
    rig.refuse(1, ErrorCode::NotMember, 0);
    let (request, _) = rig.read();
    rig.deliver_from(super::rig::OWN, 1, 1);
    rig.page(request, (1, 1, 1), &[]);
    let effects = rig.effects();
    assert!(matches!(
        outcome(&effects)[..],
        [Effect::Sent {
            message_id: 1,
            seq: 1,
            ..
        }]
    ));
}

#[test]
fn a_refused_message_whose_stretch_is_gone_is_refused_unless_an_answer_was_lost() {
    for is_doubtful in [false, true] {
        let mut rig = Rig::live();
        rig.send(1);
        if is_doubtful {
            rig.reconnect();
        }
        rig.effects();
        rig.refuse(1, ErrorCode::NoRight, 0);
        let (request, _) = rig.read();
        let gone = EmptyRange {
            from: 1,
            to: 4,
            reason: EmptyReason::Trimmed,
        };
        rig.page(request, (1, 4, 4), &[gone]);
        let effects = rig.effects();
        let is_undetermined = matches!(outcome(&effects)[..], [Effect::Undetermined { .. }]);
        assert_eq!(is_undetermined, is_doubtful);
        assert_eq!(outcome(&effects).len(), 1);
    }
}

#[test]
fn a_full_outbox_takes_no_more() {
    let mut rig = Rig::live();
    for id in 0..OUTBOX_CHAT_MESSAGES_MAX as u64 {
        rig.send(id);
    }
    rig.effects();
    rig.send(u64::MAX);
    let effects = rig.effects();
    assert!(matches!(
        effects[..],
        [Effect::NotAccepted {
            reason: NotAccepted::OutboxFull,
            ..
        }]
    ));
    rig.sent(1, 1);
    rig.send(u64::MAX);
    assert!(
        rig.effects()
            .iter()
            .any(|effect| matches!(effect, Effect::Accepted { .. }))
    );
}

#[test]
fn an_id_that_is_in_the_outbox_is_not_taken_twice() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.effects();
    rig.send(1);
    let effects = rig.effects();
    assert!(matches!(
        effects[..],
        [Effect::NotAccepted {
            reason: NotAccepted::InOutbox,
            ..
        }]
    ));
}

#[test]
fn an_answer_that_nothing_waits_for_is_ignored() {
    let mut rig = Rig::live();
    rig.sent(1, 1);
    rig.send(1);
    rig.sent(1, 1);
    rig.effects();
    rig.sent(1, 9);
    rig.refuse(1, ErrorCode::SequenceReused, 5);
    rig.pass(1_000);
    assert!(records(&rig.effects()).is_empty());
}

#[test]
fn a_refusal_of_a_stranger_uses_no_number() {
    let mut rig = Rig::live();
    for id in 1..=20 {
        rig.send(id);
    }
    rig.effects();
    for client_seq in 1..=15 {
        rig.refuse(client_seq, ErrorCode::UnknownChat, 0);
    }
    assert_eq!(rig.requests(), []);
    rig.refuse(16, ErrorCode::UnknownChat, 0);
    let (request, _) = rig.read();
    rig.fail_request(request, ErrorCode::UnknownChat);
    let effects = rig.effects();
    let refused = outcome(&effects).len();
    assert_eq!(refused, 16);
    assert_eq!(sends(&requests(&effects)), [(1, 17, 0)]);
}

#[test]
fn what_may_be_stored_is_undetermined_once_the_chat_is_closed_to_the_sender() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.reconnect();
    rig.send(2);
    rig.effects();
    rig.refuse(1, ErrorCode::NotMember, 0);
    rig.refuse(2, ErrorCode::NotMember, 0);
    let (request, _) = rig.read();
    rig.fail_request(request, ErrorCode::NotMember);
    let effects = rig.effects();
    assert!(matches!(
        outcome(&effects)[..],
        [
            Effect::Undetermined { message_id: 1, .. },
            Effect::Refused { message_id: 2, .. }
        ]
    ));
}
