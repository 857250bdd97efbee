//! Opening a session: versions, tokens, the order of frames, time limits, and bytes that are no frames.

use ringpost_gateway_core::{Config, CoreId, Input, LaneState};
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::{Rig, config, tokens_of};
use crate::tokens::{SECRET, signed, token};

fn refused(bytes: &[u8]) -> Option<ErrorCode> {
    let mut rig = Rig::new(2);
    let connection = rig.connect(1);
    rig.say(connection, bytes);
    rig.assert_idle();
    assert_eq!(
        rig.connections[connection].closed,
        Some(true),
        "it is flushed"
    );
    rig.fatal(connection)
}

#[test]
fn a_welcome_names_the_device_and_the_limits() {
    for cores in 1..=3 {
        let mut rig = Rig::new(cores);
        let connection = rig.connect(0);
        rig.say(connection, &hello(&token("ann", 3, EXPIRES_S)));
        let frame = rig.next_frame(connection);
        let ServerFrame::Welcome(welcome) = decoded(&frame) else {
            panic!("no welcome");
        };
        assert_eq!(welcome.device, address("ann", 3));
        assert_eq!((welcome.version, welcome.server), (1, "rig"));
        assert_eq!(welcome.heartbeat_ms, limits::HEARTBEAT_MS);
        assert!(welcome.generation >= crate::rig::START_MS);
        rig.disconnect(connection);
        rig.assert_idle();
    }
}

#[test]
fn each_bad_token_has_its_code() {
    let header = r#"{"alg":"HS256"}"#;
    let body = |claims: &str| format!(r#"{{"sub":"ann","did":1,{claims}}}"#);
    let valid = body(r#""iat":1000,"exp":9000,"aud":"ringpost""#);
    let cases = [
        ("x.y".to_owned(), ErrorCode::TokenMalformed),
        (signed(header, &valid, b"other"), ErrorCode::TokenSignature),
        (
            signed(r#"{"alg":"none"}"#, &valid, SECRET),
            ErrorCode::TokenAlgorithm,
        ),
        (
            signed(r#"{"alg":"HS256","kid":"9"}"#, &valid, SECRET),
            ErrorCode::TokenKeyUnknown,
        ),
        (
            signed(header, &body(r#""exp":9000,"aud":"ringpost""#), SECRET),
            ErrorCode::TokenClaims,
        ),
        (
            signed(header, &body(r#""iat":1,"exp":9000,"aud":"x""#), SECRET),
            ErrorCode::TokenAudience,
        ),
        (token("ann", 1, 1_999), ErrorCode::TokenExpired),
        (
            signed(
                header,
                &body(r#""iat":3000,"exp":9000,"aud":"ringpost""#),
                SECRET,
            ),
            ErrorCode::TokenNotYetValid,
        ),
    ];
    for (token, code) in cases {
        assert_eq!(refused(&hello(&token)), Some(code));
    }
    let strict = Config {
        tokens: tokens_of(Some("us")),
        ..config()
    };
    let mut rig = Rig::with(1, strict);
    let connection = rig.connect(0);
    rig.say(connection, &hello(&token("ann", 1, EXPIRES_S)));
    assert_eq!(rig.fatal(connection), Some(ErrorCode::TokenIssuer));
}

#[test]
fn new_keys_hold_from_the_next_hello_on() {
    let mut rig = Rig::new(1);
    let before = rig.live(0, "ann", 1);
    rig.input(CoreId(0), Input::Tokens(tokens_of(Some("us"))));
    let refused = rig.connect(0);
    rig.say(refused, &hello(&token("bob", 1, EXPIRES_S)));
    assert_eq!(rig.fatal(refused), Some(ErrorCode::TokenIssuer));
    rig.input(CoreId(0), Input::Tokens(tokens_of(None)));
    rig.live(0, "bob", 1);
    assert_eq!(rig.fatal(before), None, "open sessions stay");
}

#[test]
fn versions_must_overlap() {
    let text = token("ann", 1, EXPIRES_S);
    let say = |version_min, version_max| {
        let mut out = Vec::new();
        Hello {
            version_min,
            version_max,
            token: &text,
            client: "",
            heartbeat_ms: 0,
        }
        .encode(&mut out);
        out
    };
    assert_eq!(refused(&say(2, 9)), Some(ErrorCode::VersionUnsupported));
    let mut rig = Rig::new(1);
    let connection = rig.connect(0);
    rig.say(connection, &say(1, 9));
    assert_eq!(rig.kinds(connection), [FrameKind::Welcome]);
}

#[test]
fn frames_out_of_turn_end_the_session() {
    let mut ping = Vec::new();
    Ping { nonce: 1 }.encode(&mut ping);
    assert_eq!(refused(&ping), Some(ErrorCode::UnexpectedFrame));
    let message = send_frame(chat("ann", "bob"), 1, b"x");
    assert_eq!(refused(&message), Some(ErrorCode::UnexpectedFrame));

    let greeting = hello(&token("ann", 1, EXPIRES_S));
    let twice = [greeting.clone(), greeting.clone()].concat();
    assert_eq!(
        refused(&twice),
        Some(ErrorCode::UnexpectedFrame),
        "authenticating"
    );

    let mut rig = Rig::new(1);
    let connection = rig.live(0, "ann", 1);
    rig.say(connection, &greeting);
    assert_eq!(
        rig.fatal(connection),
        Some(ErrorCode::UnexpectedFrame),
        "live"
    );

    let connection = rig.live(0, "ann", 1);
    let mut pong = Vec::new();
    Pong {
        nonce: 1,
        time_ms: 1,
    }
    .encode(&mut pong);
    rig.say(connection, &pong);
    assert_eq!(
        rig.fatal(connection),
        Some(ErrorCode::UnexpectedFrame),
        "a server's frame"
    );
    rig.assert_idle();
}

#[test]
fn bytes_that_are_no_frames_end_the_session() {
    assert_eq!(refused(&[0xff; 64]), Some(ErrorCode::FrameTooLarge));
    assert_eq!(
        refused(&[8, 0, 0, 0, 99, 1, 0, 0]),
        Some(ErrorCode::UnknownKind)
    );
    assert_eq!(
        refused(&[8, 0, 0, 0, 16, 0, 0, 0]),
        Some(ErrorCode::MalformedFrame)
    );
    let mut damaged = hello("token");
    damaged.truncate(20);
    damaged[0] = 20;
    assert_eq!(refused(&damaged), Some(ErrorCode::MalformedFrame));
    let mut large = send_frame(chat("ann", "bob"), 1, &[7; 5_000]);
    large.truncate(100);
    assert_eq!(
        refused(&large),
        Some(ErrorCode::FrameTooLarge),
        "before authentication"
    );
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let mut rig = Rig::new(1);
    let connection = rig.connect(0);
    let mut ping = Vec::new();
    Ping { nonce: 77 }.encode(&mut ping);
    for byte in hello(&token("ann", 1, EXPIRES_S)) {
        rig.bytes(connection, &[byte]);
    }
    rig.run();
    for byte in [ping.clone(), ping].concat() {
        rig.bytes(connection, &[byte]);
    }
    rig.run();
    let kinds = [FrameKind::Welcome, FrameKind::Pong, FrameKind::Pong];
    assert_eq!(rig.kinds(connection), kinds);
}

#[test]
fn cuts_anywhere_make_no_difference() {
    let mut ping = Vec::new();
    Ping { nonce: 1 }.encode(&mut ping);
    let stream = ping.repeat(4);
    for cut in 1..stream.len() {
        let mut rig = Rig::new(1);
        let connection = rig.live(0, "ann", 1);
        rig.bytes(connection, &stream[..cut]);
        rig.bytes(connection, &stream[cut..]);
        rig.run();
        assert_eq!(rig.kinds(connection), [FrameKind::Pong; 4], "{cut}");
    }
}

#[test]
fn silence_and_slowness_end_the_handshake() {
    let mut rig = Rig::new(1);
    let silent = rig.connect(0);
    let slow = rig.connect(0);
    rig.bytes(slow, &hello("t")[..10]);
    rig.wait_ms(9_990);
    assert_eq!(rig.connections[silent].closed, None);
    rig.wait_ms(20);
    assert_eq!(rig.fatal(silent), Some(ErrorCode::HandshakeTimeout));
    assert_eq!(rig.fatal(slow), Some(ErrorCode::HandshakeTimeout));
    rig.assert_idle();
}

#[test]
fn a_frame_must_become_whole_in_time() {
    let mut rig = Rig::new(1);
    let connection = rig.live(0, "ann", 1);
    let frame = send_frame(chat("ann", "bob"), 1, b"hello");
    rig.bytes(connection, &frame[..50]);
    rig.wait_ms(20_000);
    rig.bytes(connection, &frame[50..60]);
    rig.wait_ms(9_990);
    assert_eq!(rig.connections[connection].closed, None);
    rig.wait_ms(20);
    assert_eq!(rig.fatal(connection), Some(ErrorCode::MalformedFrame));
    rig.assert_idle();
}

#[test]
fn an_attach_is_refused_or_given_up_when_the_store_is_away() {
    let mut rig = Rig::new(2);
    rig.set_lanes(LaneState::Unavailable {
        retry_after_ms: 700,
    });
    let connection = rig.connect(0);
    rig.say(connection, &hello(&token("ann", 1, EXPIRES_S)));
    assert_eq!(rig.fatal(connection), Some(ErrorCode::Unavailable));

    rig.set_lanes(LaneState::Ready);
    rig.lanes_hold = true;
    let waiting = rig.connect(0);
    rig.say(waiting, &hello(&token("ann", 1, EXPIRES_S)));
    rig.wait_ms(30_010);
    assert_eq!(rig.fatal(waiting), Some(ErrorCode::Unavailable));
    rig.lanes_hold = false;
    rig.run();
    rig.assert_idle();
}

#[test]
fn unknown_devices_are_refused_where_configured() {
    let strict = Config {
        register_devices: false,
        ..config()
    };
    let mut rig = Rig::with(2, strict);
    let connection = rig.connect(0);
    rig.say(connection, &hello(&token("ann", 1, EXPIRES_S)));
    assert_eq!(rig.fatal(connection), Some(ErrorCode::DeviceRefused));
    rig.assert_idle();
}

#[test]
fn handshakes_are_paced() {
    let paced = Config {
        handshakes_per_second: 2,
        ..config()
    };
    let mut rig = Rig::with(1, paced);
    let codes: Vec<_> = (1..=3)
        .map(|device| {
            let connection = rig.connect(0);
            rig.say(connection, &hello(&token("ann", device, EXPIRES_S)));
            rig.fatal(connection)
        })
        .collect();
    assert_eq!(codes, [None, None, Some(ErrorCode::Overloaded)]);
    rig.wait_ms(1_000);
    rig.live(0, "ann", 3);
}

#[test]
fn a_full_core_tells_newcomers_to_come_back_and_takes_them_once_there_is_room() {
    let full = Config {
        signed_in_max: 2,
        ..config()
    };
    let mut rig = Rig::with(1, full);
    let ann = rig.live(0, "ann", 1);
    rig.live(0, "ann", 2);
    let late = rig.connect(0);
    rig.say(late, &hello(&token("bob", 1, EXPIRES_S)));
    assert_eq!(rig.fatal(late), Some(ErrorCode::Overloaded));
    // One that says nothing takes no place of theirs, and neither does one that is not let in.
    rig.connect(0);
    let stranger = rig.connect(0);
    rig.say(stranger, &hello("nonsense"));
    rig.disconnect(ann);
    rig.live(0, "bob", 1);
    let late = rig.connect(0);
    rig.say(late, &hello(&token("bob", 2, EXPIRES_S)));
    assert_eq!(rig.fatal(late), Some(ErrorCode::Overloaded));
}

#[test]
fn newcomers_take_the_places_of_those_who_say_nothing() {
    let small = Config {
        sessions_max: 40,
        ..config()
    };
    let mut rig = Rig::with(1, small);
    let ann = rig.live(0, "ann", 1);
    let silent: Vec<usize> = (0..29).map(|_| rig.connect(0)).collect();
    rig.run();
    assert!(
        silent
            .iter()
            .all(|at| rig.connections[*at].closed.is_none())
    );
    for device in 1..=20 {
        rig.live(0, "bob", device);
    }
    let ended = |at: &&usize| rig.connections[**at].closed == Some(false);
    assert_eq!(silent.iter().take_while(ended).count(), 20);
    assert_eq!(silent.iter().filter(ended).count(), 20, "the oldest first");
    assert_eq!(rig.connections[ann].closed, None);
}
