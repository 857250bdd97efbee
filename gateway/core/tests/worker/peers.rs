//! What one address may do: connections, and sign-ins that fail.

use std::net::{IpAddr, Ipv4Addr};

use ringpost_gateway_core::{Config, CoreId, Input, PeerLimit, PeerLimits};
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::{Rig, config};
use crate::tokens::{SECRET, signed, token};

const LIMITS: PeerLimits = PeerLimits {
    connects_per_second: 10,
    connects_burst: 50,
    connections: 20,
    failed_sign_ins: 3,
    pause_ms_max: 60_000,
    ipv6_prefix_bits: 64,
};

fn rig(peers: PeerLimits) -> Rig {
    Rig::with(1, Config { peers, ..config() })
}

fn peer(host: u8) -> Option<IpAddr> {
    Some(Ipv4Addr::new(192, 0, 2, host).into())
}

fn is_open(rig: &Rig, connection: usize) -> bool {
    rig.connections[connection].closed.is_none()
}

fn refused(rig: &Rig, limit: PeerLimit) -> u64 {
    rig.workers[0].counters().peers_refused.of(limit)
}

/// A token that was never issued.
fn forged() -> Vec<u8> {
    let body = r#"{"sub":"ann","did":1,"iat":1000,"exp":9000,"aud":"ringpost"}"#;
    hello(&signed(r#"{"alg":"HS256"}"#, body, b"a guess"))
}

/// Says something on a new connection of an address: what the node's last word is, and how long it says to wait.
fn attempt(rig: &mut Rig, host: u8, bytes: &[u8]) -> (Option<ErrorCode>, u32) {
    let connection = rig.connect_from(0, peer(host));
    rig.say(connection, bytes);
    let frame = rig.next_frame(connection);
    let answer = match decoded(&frame) {
        ServerFrame::Failure(failure) => (Some(failure.code), failure.retry_after_ms),
        ServerFrame::Welcome(_) => (None, 0),
        other => panic!("{other:?}"),
    };
    if is_open(rig, connection) {
        rig.disconnect(connection);
    }
    answer
}

#[test]
fn a_connection_too_many_is_closed_without_a_word_until_another_ends() {
    let mut rig = rig(LIMITS);
    let connections: Vec<usize> = (0..20).map(|_| rig.connect_from(0, peer(1))).collect();
    let welcomes = |rig: &Rig, host| rig.workers[0].welcomes(peer(host).expect("is one"), rig.now);
    assert!(!welcomes(&rig, 1) && welcomes(&rig, 2));
    let (further, other) = (rig.connect_from(0, peer(1)), rig.connect_from(0, peer(2)));
    rig.run();
    assert_eq!(rig.connections[further].closed, Some(false));
    assert!(rig.kinds(further).is_empty() && is_open(&rig, other));
    assert!(connections.iter().all(|&open| is_open(&rig, open)));
    assert_eq!(refused(&rig, PeerLimit::Connections), 1);
    rig.disconnect(connections[0]);
    assert!(welcomes(&rig, 1));
    let next = rig.connect_from(0, peer(1));
    rig.run();
    assert!(is_open(&rig, next));
}

#[test]
fn connects_past_the_burst_are_closed_and_the_rate_lets_some_in() {
    let mut rig = rig(LIMITS);
    let mut taken = 0;
    for _ in 0..100 {
        let connection = rig.connect_from(0, peer(1));
        rig.run();
        if is_open(&rig, connection) {
            taken += 1;
            rig.disconnect(connection);
        }
    }
    assert_eq!((taken, refused(&rig, PeerLimit::Connects)), (50, 50));
    rig.wait_ms(100);
    let connection = rig.connect_from(0, peer(1));
    rig.run();
    assert!(is_open(&rig, connection));
}

#[test]
fn an_address_that_guesses_must_pause_and_others_need_not() {
    let mut rig = rig(LIMITS);
    let good = hello(&token("ann", 1, EXPIRES_S));
    for _ in 0..4 {
        let (code, _) = attempt(&mut rig, 1, &forged());
        assert_eq!(code, Some(ErrorCode::TokenSignature));
    }
    let (code, retry_after_ms) = attempt(&mut rig, 1, &good);
    assert_eq!(code, Some(ErrorCode::RateLimited), "also a good one");
    assert!(
        (1_000..=1_250).contains(&retry_after_ms),
        "{retry_after_ms}"
    );
    assert_eq!(attempt(&mut rig, 2, &good).0, None);
    assert_eq!(refused(&rig, PeerLimit::SignIns), 1);
    rig.wait_ms(1_000);
    let (code, _) = attempt(&mut rig, 1, &forged());
    assert_eq!(code, Some(ErrorCode::TokenSignature));
    let (_, retry_after_ms) = attempt(&mut rig, 1, &good);
    assert!(
        (2_000..=2_500).contains(&retry_after_ms),
        "{retry_after_ms}"
    );
    rig.wait_ms(2_000);
    for _ in 0..5 {
        assert_eq!(attempt(&mut rig, 1, &good).0, None);
    }
}

#[test]
fn who_shares_the_address_of_a_guesser_is_let_in_by_and_by() {
    let mut rig = rig(LIMITS);
    let good = hello(&token("ann", 1, EXPIRES_S));
    for _ in 0..30 {
        attempt(&mut rig, 1, &forged());
        rig.wait_ms(900);
    }
    let looked_at = rig.workers[0].counters().refused[&ErrorCode::TokenSignature];
    assert!((17..=24).contains(&looked_at), "{looked_at}");
    assert_eq!(
        attempt(&mut rig, 1, &forged()).0,
        Some(ErrorCode::RateLimited)
    );
    rig.wait_ms(1_100);
    assert_eq!(attempt(&mut rig, 1, &good).0, None);
    assert_eq!(attempt(&mut rig, 1, &good).0, Some(ErrorCode::RateLimited));
}

#[test]
fn a_token_that_was_issued_counts_against_nobody() {
    let mut rig = rig(LIMITS);
    let expired = hello(&token("ann", 1, 1_999));
    for _ in 0..40 {
        let (code, _) = attempt(&mut rig, 1, &expired);
        assert_eq!(code, Some(ErrorCode::TokenExpired));
    }
    let alien = r#"{"sub":"ann","did":1,"iat":1000,"exp":9000,"aud":"else"}"#;
    let alien = hello(&signed(r#"{"alg":"HS256"}"#, alien, SECRET));
    assert_eq!(
        attempt(&mut rig, 1, &alien).0,
        Some(ErrorCode::TokenAudience)
    );
    let good = hello(&token("ann", 1, EXPIRES_S));
    assert_eq!(attempt(&mut rig, 1, &good).0, None);
}

#[test]
fn limits_change_while_the_worker_runs_and_nobody_knows_is_not_limited() {
    let mut rig = rig(PeerLimits::default());
    for _ in 0..60 {
        let connection = rig.connect_from(0, peer(1));
        rig.run();
        assert!(is_open(&rig, connection));
    }
    let limited = Config {
        peers: LIMITS,
        ..config()
    };
    rig.input(CoreId(0), Input::Limits(limited.changeable()));
    let (limited, unknown) = (rig.connect_from(0, peer(1)), rig.connect(0));
    rig.run();
    assert!(!is_open(&rig, limited) && is_open(&rig, unknown));
    assert_eq!(rig.workers[0].summary().peers, 1);
}
