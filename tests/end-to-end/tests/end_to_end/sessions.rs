//! What a node says to those who may not speak, and to those who speak nonsense.

use ringpost_end_to_end::Tokens;
use ringpost_end_to_end::load::LoadPlan;
use ringpost_end_to_end::raw::{RawConnection, Said};
use ringpost_wire::ErrorCode;

use crate::world::{TIMEOUT, World};

const EXPIRED: (u64, u64) = (1_000_000_000, 1_000_000_100);
const FUTURE: (u64, u64) = (4_000_000_000, 4_000_000_100);

fn answer(world: &World, token: &str) -> Said {
    let mut connection = RawConnection::open(world.place.native()).unwrap();
    connection.hello(token).unwrap();
    let said = connection.next_said().unwrap();
    if said != Said::Welcome {
        assert_eq!(connection.next_said().unwrap(), Said::Closed);
    }
    said
}

#[test]
fn wrong_tokens_get_their_codes_and_the_connection_ends() {
    let world = World::start(1);
    let tokens = world.tokens();
    let good = tokens.make("ann", 1);
    let other = Tokens::with_secret(vec![7; 32]);
    let cases = [
        (other.make("ann", 1), ErrorCode::TokenSignature),
        (tokens.make_for("ann", 1, EXPIRED), ErrorCode::TokenExpired),
        (
            tokens.make_for("ann", 1, FUTURE),
            ErrorCode::TokenNotYetValid,
        ),
        ("no token".to_owned(), ErrorCode::TokenMalformed),
        (format!("{good}x"), ErrorCode::TokenSignature),
        (tokens.make("ann", 0), ErrorCode::TokenClaims),
        (tokens.make("", 1), ErrorCode::TokenClaims),
    ];
    for (token, code) in cases {
        let expected = Said::Failure { code, fatal: true };
        assert_eq!(answer(&world, &token), expected, "{token}");
    }
    assert_eq!(answer(&world, &good), Said::Welcome);
    world.end();
}

#[test]
fn nothing_is_heard_before_a_hello() {
    let world = World::start(1);
    let mut connection = RawConnection::open(world.place.native()).unwrap();
    connection.ping(1).unwrap();
    let expected = Said::Failure {
        code: ErrorCode::UnexpectedFrame,
        fatal: true,
    };
    assert_eq!(connection.next_said().unwrap(), expected);
    assert_eq!(connection.next_said().unwrap(), Said::Closed);
    world.end();
}

#[test]
fn the_newer_session_of_a_device_takes_over() {
    let world = World::start(2);
    let token = world.tokens().make("ann", 1);
    let open = || {
        let mut connection = RawConnection::open(world.place.native()).unwrap();
        connection.hello(&token).unwrap();
        assert_eq!(connection.next_said().unwrap(), Said::Welcome);
        connection
    };
    let mut first = open();
    let mut second = open();
    let expected = Said::Failure {
        code: ErrorCode::TakenOver,
        fatal: true,
    };
    assert_eq!(first.next_said().unwrap(), expected);
    assert_eq!(first.next_said().unwrap(), Said::Closed);
    second.ping(5).unwrap();
    assert_eq!(second.next_said().unwrap(), Said::Pong(5));
    world.end();
}

#[test]
fn garbage_ends_only_the_connection_it_came_on() {
    let world = World::start(2);
    let fleet = world.fleet(&LoadPlan {
        pause_ms: 1,
        ..LoadPlan::new(4, 21)
    });
    assert!(fleet.begin(TIMEOUT));
    let garbage: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[0xFF; 64],
        &[0; 64],
        &[64, 0, 0, 0, 1, 200, 0, 0, 1, 2, 3],
    ];
    for (index, bytes) in garbage.into_iter().cycle().take(40).enumerate() {
        let mut connection = RawConnection::open(world.place.native()).unwrap();
        let is_in_session = index % 2 == 1;
        if is_in_session {
            let token = world.tokens().make(&format!("stranger-{index}"), 1);
            connection.hello(&token).unwrap();
            assert_eq!(connection.next_said().unwrap(), Said::Welcome);
        }
        // It may be closed before all is written.
        let _ = connection.write(bytes);
        let is_end = |said: &Said| matches!(said, Said::Failure { fatal: true, .. });
        let end = connection.next_said_of(is_end).unwrap();
        assert!(is_end(&end) || end == Said::Closed, "{end:?}");
        if end != Said::Closed {
            assert_eq!(connection.next_said().unwrap(), Said::Closed);
        }
    }
    let sent = fleet.totals().sent;
    assert!(fleet.wait_until(TIMEOUT, |totals| totals.sent > sent + 100));
    world.settle(fleet);
    world.end();
}
