//! Sessions: hello and welcome, backoff, tokens, heartbeats, endings.

use ringpost_wire::{DeviceAddress, ErrorCode, GoAway, Pong};

use super::rig::{OWN, Request, Rig};
use crate::limits::{
    ANSWER_PING_MS, ANSWER_TIMEOUT_MS, BACKOFF_MS, BACKOFF_MS_MAX, DIAL_TIMEOUT_MS,
    OWN_TAKEOVER_MS, PONG_TIMEOUT_MS,
};
use crate::{ConnectionState, Effect, Ended, Input, Machine, Options, State};

fn dials(effects: &[Effect]) -> usize {
    let is_dial = |effect: &&Effect| matches!(effect, Effect::Dial { .. });
    effects.iter().filter(is_dial).count()
}

#[test]
fn a_session_begins_with_hello_and_the_list_of_pending_chats() {
    let mut rig = Rig::new();
    rig.input(Input::Connect);
    assert_eq!(dials(&rig.effects()), 1);
    rig.input(Input::Opened);
    assert_eq!(rig.requests(), [Request::Hello]);
    rig.welcome();
    assert!(matches!(rig.requests()[..], [Request::List(_)]));
    assert_eq!(rig.durable.owner(), Some(OWN));
}

#[test]
fn lost_connections_back_off_longer_and_longer_up_to_a_bound() {
    let mut rig = Rig::new();
    rig.input(Input::Connect);
    let mut waits = Vec::new();
    for _ in 0..14 {
        rig.input(Input::Closed);
        rig.effects();
        assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
        let at_ms = rig.machine.next_deadline().unwrap();
        waits.push(at_ms - rig.now_ms);
        rig.pass(at_ms - rig.now_ms);
        assert_eq!(dials(&rig.effects()), 1);
    }
    assert!(waits[0] >= BACKOFF_MS / 2 && waits[0] <= BACKOFF_MS);
    assert!(waits.iter().all(|wait_ms| *wait_ms <= BACKOFF_MS_MAX));
    assert!(waits[13] >= BACKOFF_MS_MAX / 2);
}

#[test]
fn a_connection_that_does_not_open_is_given_up() {
    let mut rig = Rig::new();
    rig.input(Input::Connect);
    rig.pass(DIAL_TIMEOUT_MS);
    assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
}

#[test]
fn the_servers_wait_is_kept() {
    let mut rig = Rig::live();
    rig.fail(ErrorCode::Draining, true, 9_000);
    let wait_ms = rig.machine.next_deadline().unwrap() - rig.now_ms;
    assert!((9_000..=9_000 + 9_000 / 4).contains(&wait_ms));
}

#[test]
fn endings_are_final() {
    for code in [
        ErrorCode::TakenOver,
        ErrorCode::DeviceUnlinked,
        ErrorCode::DeviceRefused,
        ErrorCode::DeviceRevoked,
        ErrorCode::VersionUnsupported,
    ] {
        let mut rig = Rig::live();
        rig.pass(OWN_TAKEOVER_MS);
        rig.fail(code, true, 0);
        rig.input(Input::Closed);
        rig.input(Input::Connect);
        rig.pass(1_000_000);
        let effects = rig.effects();
        assert!(effects.contains(&Effect::Failed(Ended::ByServer(code))));
        assert_eq!(dials(&effects), 0);
        assert_eq!(rig.machine.next_deadline(), None);
    }
}

#[test]
fn a_takeover_by_an_own_connection_that_was_lost_is_followed_by_another_session_once() {
    let mut rig = Rig::live();
    rig.pass(OWN_TAKEOVER_MS);
    rig.input(Input::Closed);
    rig.pass(BACKOFF_MS);
    rig.open_session();
    rig.fail(ErrorCode::TakenOver, true, 0);
    assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
    rig.pass(BACKOFF_MS_MAX);
    rig.open_session();
    rig.fail(ErrorCode::TakenOver, true, 0);
    assert_eq!(rig.machine.connection(), ConnectionState::Ended);
}

#[test]
fn a_client_that_began_again_may_be_taken_over_by_its_connection_of_before() {
    let mut rig = Rig::live();
    rig.fail(ErrorCode::TakenOver, true, 0);
    assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
}

#[test]
fn a_refused_token_asks_for_another() {
    let mut rig = Rig::live();
    rig.fail(ErrorCode::TokenExpired, true, 0);
    let refused = Some(ErrorCode::TokenExpired);
    assert!(rig.effects().contains(&Effect::NeedToken { refused }));
    rig.pass(100_000);
    assert_eq!(dials(&rig.effects()), 0);
    let token = "newer".to_owned();
    rig.input(Input::SetToken { token });
    assert_eq!(dials(&rig.effects()), 1);
}

#[test]
fn tokens_refused_at_once_are_not_tried_without_a_pause() {
    let mut rig = Rig::new();
    rig.input(Input::Connect);
    rig.input(Input::Opened);
    rig.fail(ErrorCode::TokenSignature, true, 0);
    rig.effects();
    let token = "other".to_owned();
    rig.input(Input::SetToken { token });
    assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
}

#[test]
fn without_a_token_the_machine_asks_before_it_dials() {
    let mut machine = Machine::new(Options::default(), State::default());
    machine.input(0, Input::Connect);
    let effects: Vec<_> = std::iter::from_fn(|| machine.next_effect()).collect();
    assert!(effects.contains(&Effect::NeedToken { refused: None }));
    assert_eq!(dials(&effects), 0);
}

#[test]
fn a_newer_token_renews_the_running_session() {
    let mut rig = Rig::live();
    let token = "newer".to_owned();
    rig.input(Input::SetToken { token });
    assert_eq!(rig.requests(), [Request::Reauthenticate]);
}

#[test]
fn a_silent_server_is_found_dead_by_the_heartbeat() {
    let mut rig = Rig::live();
    rig.pass(240_000);
    assert_eq!(rig.requests(), [Request::Ping]);
    pong(&mut rig);
    rig.pass(240_000);
    assert_eq!(rig.requests(), [Request::Ping]);
    rig.pass(PONG_TIMEOUT_MS);
    assert_ne!(rig.machine.connection(), ConnectionState::Live);
}

fn pong(rig: &mut Rig) {
    let pong = Pong {
        nonce: 0,
        time_ms: 0,
    };
    rig.receive(|out| pong.encode(out));
}

#[test]
fn a_server_that_owes_an_answer_and_says_nothing_is_left() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.requests();
    rig.pass(ANSWER_PING_MS);
    assert_eq!(rig.requests(), [Request::Ping]);
    rig.pass(PONG_TIMEOUT_MS - 1);
    assert_eq!(rig.machine.connection(), ConnectionState::Live);
    rig.pass(1);
    assert_ne!(rig.machine.connection(), ConnectionState::Live);
}

#[test]
fn a_server_that_owes_an_answer_and_lives_is_waited_for_up_to_a_bound() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.requests();
    for _ in 1..ANSWER_TIMEOUT_MS / ANSWER_PING_MS {
        rig.pass(ANSWER_PING_MS);
        assert_eq!(rig.requests(), [Request::Ping]);
        pong(&mut rig);
    }
    rig.pass(ANSWER_PING_MS - 1);
    assert_eq!(rig.machine.connection(), ConnectionState::Live);
    rig.pass(1);
    assert_ne!(rig.machine.connection(), ConnectionState::Live);
}

#[test]
fn an_answer_begins_the_wait_for_the_others_anew() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.send(2);
    rig.requests();
    rig.pass(ANSWER_PING_MS - 1);
    rig.sent(1, 1);
    rig.pass(ANSWER_PING_MS - 1);
    assert_eq!(rig.requests(), []);
    rig.pass(1);
    assert_eq!(rig.requests(), [Request::Ping]);
    rig.sent(2, 2);
    pong(&mut rig);
    rig.pass(2 * ANSWER_PING_MS);
    assert_eq!(rig.requests(), []);
}

#[test]
fn go_away_moves_to_the_target_within_its_time() {
    let mut rig = Rig::live();
    let go_away = GoAway {
        target: "192.0.2.1:7400",
        delay_ms: 5_000,
    };
    rig.receive(|out| go_away.encode(out));
    rig.pass(5_000);
    let target = Some("192.0.2.1:7400".to_owned());
    assert!(rig.effects().contains(&Effect::Dial { target }));
}

#[test]
fn broken_bytes_end_the_connection_and_not_the_client() {
    let mut rig = Rig::live();
    rig.input(Input::Received { bytes: &[255; 64] });
    assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
}

#[test]
fn implausible_numbers_end_the_connection_and_not_the_client() {
    let mut rig = Rig::live();
    rig.send(1);
    rig.refuse(
        1,
        ErrorCode::SequenceReused,
        crate::limits::PLAUSIBLE_SEQ_MAX + 1,
    );
    assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
    let mut rig = Rig::live();
    rig.deliver(crate::limits::PLAUSIBLE_SEQ_MAX + 1);
    assert_eq!(rig.machine.connection(), ConnectionState::BackingOff);
}

#[test]
fn a_state_is_not_used_for_another_device() {
    let rig = Rig::live();
    let mut rig = Rig::with(rig.durable);
    rig.input(Input::Connect);
    rig.input(Input::Opened);
    let other = DeviceAddress { device: 2, ..OWN };
    rig.welcome_as(other);
    assert!(rig.effects().contains(&Effect::Failed(Ended::OtherDevice)));
}

#[test]
fn disconnect_hangs_up_and_stays_so() {
    let mut rig = Rig::live();
    rig.input(Input::Disconnect);
    assert!(rig.effects().contains(&Effect::Hangup));
    rig.input(Input::Closed);
    rig.pass(1_000_000);
    assert_eq!(dials(&rig.effects()), 0);
    rig.input(Input::Connect);
    assert_eq!(dials(&rig.effects()), 1);
}
