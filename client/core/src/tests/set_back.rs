//! States older than what their device did since, as from a backup: nothing is missed, and numbers used since then disorder nothing.

use ringpost_wire::{
    ChatId, ChatOpened, EmptyRange, EmptyReason, ErrorCode, PendingChat, PendingList, UserId,
};

use super::rig::{CHAT, OWN, Request, Rig, acks, delivered, requests, sends};
use crate::limits::{
    ACK_WAIT_MS, GAP_WAIT_MS, LIST_WAIT_MS, PROBE_CLIENT_SEQ as PROBE, RETRY_WAIT_MS,
};
use crate::{ConnectionState, Effect, Input, Record, State};

const OTHER: ChatId = ChatId([8; 16]);

/// The state of a device that has everything of CHAT up to 3 and of another chat up to 5.
fn state() -> State {
    let mut state = State::default();
    let confirmed = |chat, seq| Record::Confirmed { chat, seq };
    for record in [Record::Owner(OWN), confirmed(CHAT, 3), confirmed(OTHER, 5)] {
        state.apply(&record).unwrap();
    }
    state
}

/// A session that has asked for the pending chats, and the number of that request.
fn connected(state: State, is_set_back: bool) -> (Rig, u32) {
    let mut rig = Rig::unsure(state, is_set_back);
    rig.input(Input::Connect);
    rig.open_session();
    let requests = rig.requests();
    let find = |request: &Request| match request {
        Request::List(number) => Some(*number),
        _ => None,
    };
    let number = requests.iter().find_map(find).unwrap();
    (rig, number)
}

fn pages(requests: &[Request]) -> Vec<(u32, u64)> {
    let page = |request: &Request| match request {
        Request::Read { request, from } => Some((*request, *from)),
        _ => None,
    };
    requests.iter().filter_map(page).collect()
}

#[test]
fn what_was_acknowledged_since_is_read_again_and_confirmed_durably() {
    let (mut rig, list) = connected(state(), false);
    rig.pending(list, &[(9, 10)], false);
    let (request, from) = rig.read();
    assert_eq!(from, 4);
    (4..=10).for_each(|seq| rig.deliver(seq));
    rig.page(request, (4, 10, 10), &[]);
    assert_eq!(delivered(&rig.effects()), (4..=10).collect::<Vec<_>>());
    rig.confirm(6);
    assert_eq!(rig.durable.chat(CHAT).unwrap().cursor(), Some(6));
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), Vec::<u64>::new());
    rig.confirm(10);
    rig.pass(ACK_WAIT_MS);
    assert_eq!(acks(&rig.requests()), [10]);
}

/// An entry of a list: where the server says that this device goes on, and the chat's last message.
fn entry(chat: ChatId, from: u64, head: u64) -> PendingChat {
    PendingChat {
        chat,
        from,
        head,
        delivered_to: 0,
        read_to: 0,
        last_time_ms: 9,
    }
}

fn tell_list(rig: &mut Rig, request: u32, chats: Vec<PendingChat>) {
    let list = PendingList {
        request,
        caught_up: chats.is_empty(),
        chats,
        next: Vec::new(),
        complete: true,
    };
    rig.receive(|out| list.encode(out));
}

fn asks_for_all(requests: &[Request]) -> Option<u32> {
    let find = |request: &Request| match request {
        Request::ListAll(number) => Some(*number),
        _ => None,
    };
    requests.iter().find_map(find)
}

#[test]
fn what_was_acknowledged_further_lets_every_chat_be_listed_and_read() {
    let (mut rig, list) = connected(state(), false);
    rig.pending(list, &[(9, 9)], false);
    let (request, _) = rig.read();
    (4..=9).for_each(|seq| rig.deliver(seq));
    let effects = rig.effects();
    assert!(effects.contains(&Effect::SetBack));
    let all = asks_for_all(&requests(&effects)).expect("every chat is asked for");
    rig.page(request, (4, 9, 9), &[]);
    tell_list(&mut rig, all, vec![entry(CHAT, 9, 9), entry(OTHER, 8, 7)]);
    assert_eq!(rig.read().1, 6);
}

#[test]
fn what_was_with_the_application_before_the_list_came_shows_it_too() {
    let mut rig = Rig::with(state()).go_live();
    // The chat was in no list, as all of it up to 10 was acknowledged.
    rig.deliver(11);
    rig.pass(GAP_WAIT_MS);
    let asked = rig.requests();
    let [Request::List(list), Request::Read { request, from: 4 }] = asked[..] else {
        panic!("{asked:?}");
    };
    (4..=10).for_each(|seq| rig.deliver(seq));
    rig.page(request, (4, 11, 11), &[]);
    assert!(!rig.effects().contains(&Effect::SetBack));
    tell_list(&mut rig, list, vec![entry(CHAT, 11, 11)]);
    let effects = rig.effects();
    assert!(effects.contains(&Effect::SetBack));
    assert!(asks_for_all(&requests(&effects)).is_some());
}

#[test]
fn a_number_that_was_used_and_a_next_number_beyond_all_known_show_it() {
    let (mut rig, _) = connected(state(), false);
    rig.send(1);
    rig.effects();
    rig.refuse(1, ErrorCode::SequenceReused, 3);
    assert!(rig.effects().contains(&Effect::SetBack));
    let mut rig = probed();
    rig.refuse(PROBE, ErrorCode::Gap, 5);
    assert!(!rig.effects().contains(&Effect::SetBack));
    let mut rig = probed();
    rig.refuse(PROBE, ErrorCode::Gap, 6);
    assert!(rig.effects().contains(&Effect::SetBack));
}

/// A session on a state known to be set back whose list of all chats says that this device had CHAT up to 5.
fn recovering() -> Rig {
    let mut rig = Rig::unsure(state(), true);
    rig.input(Input::Connect);
    rig.open_session();
    let first = rig.requests();
    let all = asks_for_all(&first).expect("every chat is asked for");
    assert_eq!(pages(&first), []);
    tell_list(&mut rig, all, vec![entry(CHAT, 6, 5), entry(OTHER, 6, 5)]);
    rig
}

#[test]
fn a_state_known_to_be_set_back_has_everything_only_once_all_that_was_acknowledged_is_kept() {
    let mut rig = recovering();
    let (request, from) = rig.read();
    assert_eq!(from, 4);
    rig.deliver(4);
    rig.deliver(5);
    rig.page(request, (4, 5, 5), &[]);
    assert_eq!(delivered(&rig.effects()), [4, 5]);
    rig.confirm(4);
    // A message in another chat lets another pass begin while one that was acknowledged is not kept.
    let behind = ringpost_wire::Behind {
        chat: ChatId::default(),
        head: 0,
    };
    rig.receive(|out| behind.encode(out));
    let list = rig.listed();
    tell_list(&mut rig, list, vec![]);
    assert!(!rig.machine.is_caught_up());
    rig.confirm(5);
    rig.pass(ACK_WAIT_MS);
    rig.pass(LIST_WAIT_MS);
    let list = rig.listed();
    tell_list(&mut rig, list, vec![]);
    assert!(rig.machine.is_caught_up());
    assert_eq!(rig.durable.chat(CHAT).unwrap().cursor(), Some(5));
}

#[test]
fn every_chat_is_listed_again_on_a_new_connection_until_it_has_everything() {
    let mut rig = recovering();
    rig.reconnect();
    let all = asks_for_all(&rig.requests()).expect("every chat is asked for");
    tell_list(&mut rig, all, vec![entry(CHAT, 6, 5)]);
    let (request, _) = rig.read();
    rig.deliver(4);
    rig.deliver(5);
    rig.page(request, (4, 5, 5), &[]);
    rig.confirm(5);
    rig.pass(LIST_WAIT_MS);
    let list = rig.listed();
    tell_list(&mut rig, list, vec![]);
    assert!(rig.machine.is_caught_up());
    rig.reconnect();
    assert_eq!(asks_for_all(&rig.requests()), None);
}

#[test]
fn a_chat_that_may_not_be_read_any_more_does_not_hold_up_the_rest() {
    let mut rig = recovering();
    let (request, _) = rig.read();
    rig.fail_request(request, ErrorCode::NotMember);
    rig.pass(LIST_WAIT_MS);
    let list = rig.listed();
    tell_list(&mut rig, list, vec![]);
    assert!(rig.machine.is_caught_up());
}

#[test]
fn a_chat_that_the_state_does_not_know_begins_at_its_beginning() {
    let mut state = State::default();
    state.apply(&Record::Owner(OWN)).unwrap();
    let (mut rig, list) = connected(state, false);
    rig.pending(list, &[(500, 501)], false);
    let (request, from) = rig.read();
    assert_eq!(from, 1);
    let reason = EmptyReason::NotVisible;
    let before = EmptyRange {
        from: 1,
        to: 499,
        reason,
    };
    rig.deliver(500);
    rig.deliver(501);
    rig.page(request, (1, 501, 501), &[before]);
    assert_eq!(delivered(&rig.effects()), [500, 501]);
}

#[test]
fn a_new_device_begins_where_the_server_says() {
    let (mut rig, list) = connected(State::default(), false);
    rig.pending(list, &[(500, 501)], false);
    assert_eq!(rig.read().1, 500);
}

#[test]
fn a_chat_opened_beyond_what_is_known_is_read() {
    let mut rig = Rig::with(state()).go_live();
    let user = UserId([2; 16]);
    rig.input(Input::OpenChat { user });
    let requests = rig.requests();
    let [Request::Open(request)] = requests[..] else {
        panic!("{requests:?}");
    };
    let opened = ChatOpened {
        request,
        chat: CHAT,
        head: 8,
        device_epoch: 3,
    };
    rig.receive(|out| opened.encode(out));
    rig.pass(GAP_WAIT_MS);
    assert_eq!(rig.read().1, 4);
}

#[test]
fn own_messages_that_the_outbox_has_not_are_told() {
    let (mut rig, list) = connected(state(), false);
    rig.pending(list, &[(5, 5)], false);
    let (request, _) = rig.read();
    rig.deliver_from(OWN, 4, 77);
    rig.deliver(5);
    rig.page(request, (4, 5, 5), &[]);
    let effects = rig.effects();
    let own = |effect: &Effect| matches!(effect, Effect::Own(message) if message.message_id == 77);
    assert!(effects.iter().any(own));
    assert_eq!(delivered(&effects), [5]);
}

#[test]
fn one_message_after_another_needs_no_question() {
    let (mut rig, _) = connected(state(), false);
    for id in 1..=3 {
        rig.send(id);
        assert_eq!(sends(&rig.requests()), [(id, id, 0)]);
        rig.sent(id, 3 + id);
    }
}

#[test]
fn the_first_of_several_goes_alone_until_the_next_number_is_known() {
    let (mut rig, _) = connected(state(), false);
    (1..=3).for_each(|id| rig.send(id));
    assert_eq!(sends(&rig.requests()), [(1, 1, 0), (PROBE, 1, 0)]);
    // The answer may be one to the same message of an earlier life.
    rig.sent(1, 4);
    assert_eq!(sends(&rig.requests()), [(2, 2, 0)]);
    rig.refuse(PROBE, ErrorCode::Gap, 2);
    assert_eq!(sends(&rig.requests()), [(3, 3, 1)]);
}

#[test]
fn new_messages_keep_their_order_where_their_numbers_were_used() {
    let (mut rig, _) = connected(state(), false);
    (1..=3).for_each(|id| rig.send(id));
    rig.effects();
    // Numbers 1 and 2 were used; sent together, the third message would have been stored as 3.
    rig.refuse(1, ErrorCode::SequenceReused, 3);
    rig.refuse(PROBE, ErrorCode::Gap, 3);
    let (request, from) = rig.read();
    assert_eq!(from, 4);
    rig.page(request, (4, 3, 3), &[]);
    assert_eq!(sends(&rig.requests()), [(3, 1, 0)]);
    rig.sent(3, 4);
    assert_eq!(sends(&rig.requests()), [(4, 2, 0)]);
}

#[test]
fn a_server_that_stores_the_question_or_names_its_number_is_left() {
    let mut rig = probed();
    rig.sent(PROBE, 4);
    assert_ne!(rig.machine.connection(), ConnectionState::Live);
    let mut rig = probed();
    rig.refuse(PROBE, ErrorCode::SequenceReused, PROBE);
    assert_ne!(rig.machine.connection(), ConnectionState::Live);
}

/// A session on a state with messages 1 to 4 in the outbox, which began with the question for the next number.
fn probed() -> Rig {
    let mut before = Rig::with(state()).go_live();
    (1..=4).for_each(|id| before.send(id));
    let mut rig = Rig::unsure(before.durable, false);
    rig.input(Input::Connect);
    rig.open_session();
    assert_eq!(sends(&rig.requests()), [(PROBE, 1, 0)]);
    rig
}

#[test]
fn messages_of_before_wait_until_the_next_number_is_known() {
    let mut rig = probed();
    rig.send(5);
    assert_eq!(sends(&rig.requests()), []);
    rig.refuse(PROBE, ErrorCode::Gap, 3);
    assert_eq!(sends(&rig.requests()), [(1, 1, 0), (2, 2, 1)]);
    rig.sent(1, 4);
    assert_eq!(sends(&rig.requests()), []);
    rig.sent(2, 5);
    assert_eq!(sends(&rig.requests()), [(3, 3, 0), (4, 4, 1), (5, 5, 2)]);
}

#[test]
fn the_question_is_asked_again_after_a_refusal_for_load_and_on_a_new_connection() {
    let mut rig = probed();
    rig.refuse(PROBE, ErrorCode::Overloaded, 0);
    assert_eq!(sends(&rig.requests()), []);
    rig.pass(RETRY_WAIT_MS);
    assert_eq!(sends(&rig.requests()), [(PROBE, 1, 0)]);
    rig.reconnect();
    assert_eq!(sends(&rig.requests()), [(PROBE, 1, 0)]);
    rig.refuse(PROBE, ErrorCode::NotMember, 0);
    assert_eq!(sends(&rig.requests()).len(), 4);
}

#[test]
fn what_is_known_of_numbers_outlives_a_connection() {
    let mut rig = probed();
    rig.refuse(PROBE, ErrorCode::Gap, 1);
    assert_eq!(sends(&rig.requests()).len(), 4);
    rig.reconnect();
    assert_eq!(sends(&requests(&rig.effects())).len(), 4);
}
