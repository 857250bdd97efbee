//! Receiving: order, gaps, acknowledgements after confirmation, catching up, and bounds.

use ringpost_wire::{Behind, ChatId, ChatOpened, EmptyRange, EmptyReason, UserId};

use super::rig::{CHAT, OWN, Request, Rig, acks, delivered, requests};
use crate::limits::{ACK_WAIT_MS, GAP_WAIT_MS, LIST_WAIT_MS, UNCONFIRMED_MAX};
use crate::{Effect, Input, Record};

fn opened(rig: &mut Rig, head: u64) {
    let user = UserId([2; 16]);
    rig.input(Input::OpenChat { user });
    let requests = rig.requests();
    let [Request::Open(request)] = requests[..] else {
        panic!("{requests:?}");
    };
    let answer = ChatOpened {
        request,
        chat: CHAT,
        head,
        device_epoch: 3,
    };
    rig.receive(|out| answer.encode(out));
}

#[test]
fn nothing_is_acknowledged_before_the_application_has_kept_it() {
    let mut rig = Rig::live();
    rig.deliver(1);
    rig.pass(60_000);
    let effects = rig.effects();
    assert_eq!(delivered(&effects), [1]);
    assert_eq!(acks(&requests(&effects)), Vec::<u64>::new());
    rig.confirm(1);
    assert_eq!(rig.durable.chat(CHAT).unwrap().cursor(), Some(1));
    rig.pass(ACK_WAIT_MS);
    let effects = rig.effects();
    let position = |found: fn(&Effect) -> bool| effects.iter().position(found);
    let persisted = position(|effect| matches!(effect, Effect::Persist(Record::Confirmed { .. })));
    let transmitted = position(|effect| matches!(effect, Effect::Transmit { .. }));
    assert!(persisted.unwrap() < transmitted.unwrap());
    assert_eq!(acks(&requests(&effects)), [1]);
}

#[test]
fn acknowledgements_are_gathered_up_to_sixteen_messages() {
    let mut rig = Rig::live();
    for seq in 1..=40 {
        rig.deliver(seq);
        rig.confirm(seq);
    }
    assert_eq!(acks(&rig.requests()), [16, 32]);
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), [40]);
}

#[test]
fn a_gap_waits_shortly_and_then_reads_the_log() {
    let mut rig = Rig::live();
    rig.deliver(1);
    rig.deliver(3);
    let effects = rig.effects();
    assert_eq!(delivered(&effects), [1]);
    assert_eq!(requests(&effects), []);
    rig.pass(GAP_WAIT_MS);
    let (request, from) = rig.read();
    assert_eq!(from, 2);
    rig.deliver(2);
    assert_eq!(delivered(&rig.effects()), [2, 3]);
    rig.deliver(3);
    rig.page(request, (2, 3, 3), &[]);
    rig.pass(GAP_WAIT_MS);
    let effects = rig.effects();
    assert_eq!(delivered(&effects), Vec::<u64>::new());
    assert_eq!(requests(&effects), []);
}

#[test]
fn a_gap_that_closes_by_itself_reads_nothing() {
    let mut rig = Rig::live();
    opened(&mut rig, 0);
    rig.deliver(2);
    rig.deliver(1);
    rig.pass(1_000);
    let effects = rig.effects();
    assert_eq!(delivered(&effects), [1, 2]);
    assert!(
        !requests(&effects)
            .iter()
            .any(|request| matches!(request, Request::Read { .. }))
    );
}

#[test]
fn empty_numbers_are_passed_and_told() {
    let mut rig = Rig::live();
    rig.deliver(1);
    rig.deliver(4);
    rig.pass(GAP_WAIT_MS);
    let (request, _) = rig.read();
    let gone = EmptyRange {
        from: 2,
        to: 3,
        reason: EmptyReason::NotVisible,
    };
    rig.page(request, (2, 4, 4), &[gone]);
    let effects = rig.effects();
    assert_eq!(delivered(&effects), [4]);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Empty { from: 2, to: 3, .. }))
    );
    rig.confirm(4);
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), [4]);
}

#[test]
fn own_messages_are_passed_and_not_delivered() {
    let mut rig = Rig::live();
    opened(&mut rig, 0);
    rig.send(1);
    rig.deliver(2);
    rig.sent(1, 1);
    let effects = rig.effects();
    assert_eq!(delivered(&effects), [2]);
    rig.deliver_from(OWN, 3, 77);
    rig.deliver(4);
    assert_eq!(delivered(&rig.effects()), [4]);
}

#[test]
fn own_messages_alone_are_not_acknowledged() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.sent(1, 1);
    rig.pass(1_000);
    assert_eq!(acks(&rig.requests()), Vec::<u64>::new());
    assert_eq!(rig.durable.chat(CHAT).unwrap().cursor(), Some(1));
}

#[test]
fn an_own_message_behind_an_unacknowledged_one_is_acknowledged_with_it() {
    let mut rig = Rig::live();
    rig.deliver(1);
    rig.send(1);
    rig.confirm(1);
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), [1]);
    rig.sent(1, 2);
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), [2]);
}

#[test]
fn after_a_restart_what_was_confirmed_is_not_repeated_and_the_rest_is_not_lost() {
    let mut rig = Rig::live();
    rig.deliver(1);
    rig.deliver(2);
    rig.deliver(3);
    rig.confirm(2);
    let mut rig = Rig::with(rig.durable);
    rig.input(Input::Connect);
    rig.open_session();
    let request = rig.listed();
    rig.pending(request, &[(1, 3)], false);
    let effects = rig.effects();
    let [Request::Read { request, from: 3 }] = requests(&effects)[..] else {
        panic!("{effects:?}");
    };
    rig.deliver(3);
    rig.page(request, (3, 3, 3), &[]);
    rig.deliver(2);
    assert_eq!(delivered(&rig.effects()), [3]);
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), [2]);
}

#[test]
fn passes_go_on_until_the_server_says_caught_up() {
    let mut rig = Rig::new();
    rig.input(Input::Connect);
    rig.open_session();
    let request = rig.listed();
    rig.pending(request, &[(1, 1)], false);
    let (request, _) = rig.read();
    rig.deliver(1);
    rig.page(request, (1, 1, 1), &[]);
    rig.pass(60_000);
    assert_eq!(rig.requests(), []);
    rig.confirm(1);
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), [1]);
    rig.pass(LIST_WAIT_MS);
    let request = rig.listed();
    rig.pending(request, &[], true);
    assert!(rig.effects().contains(&Effect::CaughtUp));
    assert!(rig.machine.is_caught_up());
}

#[test]
fn the_first_message_of_a_chat_without_position_asks_the_list_for_it() {
    let mut rig = Rig::live();
    rig.deliver(9);
    let request = rig.listed();
    rig.pending(request, &[(8, 9)], false);
    let (request, from) = rig.read();
    assert_eq!(from, 8);
    rig.deliver(8);
    rig.deliver(9);
    rig.page(request, (8, 9, 9), &[]);
    assert_eq!(delivered(&rig.effects()), [8, 9]);
}

#[test]
fn a_chat_without_position_that_is_not_listed_is_up_to_date() {
    let mut rig = Rig::live();
    rig.deliver(9);
    let request = rig.listed();
    rig.pending(request, &[], true);
    rig.deliver(10);
    assert_eq!(delivered(&rig.effects()), [10]);
}

#[test]
fn an_opened_chat_without_messages_has_a_position() {
    let mut rig = Rig::live();
    opened(&mut rig, 0);
    rig.deliver(2);
    rig.pass(GAP_WAIT_MS);
    assert_eq!(rig.read().1, 1);
}

#[test]
fn behind_reads_up_to_its_head_even_if_nothing_is_missing() {
    let mut rig = Rig::live();
    rig.deliver(1);
    rig.effects();
    let behind = Behind {
        chat: CHAT,
        head: 1,
    };
    rig.receive(|out| behind.encode(out));
    let (request, from) = rig.read();
    assert_eq!(from, 2);
    rig.page(request, (2, 1, 1), &[]);
    assert_eq!(rig.requests(), []);
    let all = Behind {
        chat: ChatId::default(),
        head: 0,
    };
    rig.receive(|out| all.encode(out));
    rig.listed();
}

#[test]
fn an_application_that_does_not_confirm_is_given_no_more_and_loses_nothing() {
    let mut rig = Rig::live();
    let bound = UNCONFIRMED_MAX as u64;
    for seq in 1..=bound + 600 {
        rig.deliver(seq);
    }
    assert_eq!(delivered(&rig.effects()), (1..=bound).collect::<Vec<_>>());
    rig.pass(10_000);
    assert_eq!(rig.requests(), []);
    rig.confirm(bound);
    let waiting = crate::limits::GAP_MESSAGES_MAX as u64;
    let effects = rig.effects();
    assert_eq!(
        delivered(&effects),
        (bound + 1..=bound + waiting).collect::<Vec<_>>()
    );
    let [Request::Ack(_), Request::Read { from, .. }] = requests(&effects)[..] else {
        panic!("{:?}", requests(&effects));
    };
    assert_eq!(from, bound + waiting + 1);
}

#[test]
fn read_marks_go_again_after_a_loss() {
    let mut rig = Rig::live();
    let mark = Input::MarkRead {
        chat: CHAT,
        read_to: 4,
    };
    rig.input(mark);
    assert_eq!(rig.requests(), [Request::Mark(4)]);
    rig.reconnect();
    assert!(rig.requests().contains(&Request::Mark(4)));
}
