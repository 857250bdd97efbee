//! A flood of tokens whose signatures are dear: a bounded part of them is verified, and whoever is signed in goes on.

use std::sync::Arc;

use ring::rand::SystemRandom;
use ringpost_gateway_core::limits::{
    ES256_US, RENEWALS_CORE_PART, SIGN_INS_CORE_PART, SIGNATURES_AT_ONCE_US,
};
use ringpost_gateway_core::{
    Algorithm, Config, KeySet, NewToken, TokenKey, TokenRules, TokenSigner, TokenVerifier,
};
use ringpost_wire::*;

use crate::clients::*;
use crate::rig::{Rig, config};
use crate::tokens::SECRET;

/// Most signatures of ES256 at one moment.
const AT_ONCE: usize = (SIGNATURES_AT_ONCE_US / ES256_US) as usize;

fn es256() -> TokenSigner {
    let random = Arc::new(SystemRandom::new());
    TokenSigner::generate(Some("es"), Algorithm::Es256, random).expect("randomness")
}

/// A rig that takes tokens of the tests' secret and of `signer`.
fn rig(signer: &TokenSigner) -> Rig {
    let secret = TokenKey::hs256(None, SECRET).expect("is long enough");
    let keys = vec![secret, signer.verifying().expect("a key")];
    let keys = KeySet::new(keys).expect("names differ");
    let tokens = Arc::new(TokenVerifier::new(keys, TokenRules::default()));
    Rig::with(1, Config { tokens, ..config() })
}

fn ann(signer: &TokenSigner) -> String {
    let token = NewToken {
        subject: "ann",
        device: 9,
        issued_at_s: 1_000,
        expires_at_s: EXPIRES_S,
    };
    token.sign(signer).expect("is signed")
}

/// Says a `Hello` on each of `count` new connections: how many tokens were looked at, and how many told to come back.
fn flood(rig: &mut Rig, count: usize, token: &str) -> (usize, usize) {
    let said = hello(token);
    let mut codes = Vec::new();
    for _ in 0..count {
        let connection = rig.connect(0);
        rig.say(connection, &said);
        codes.extend(rig.fatal(connection));
    }
    let of = |code| codes.iter().filter(|&&given| given == code).count();
    (of(ErrorCode::TokenSignature), of(ErrorCode::Overloaded))
}

#[test]
fn a_flood_of_es256_takes_a_part_of_the_core_and_sessions_go_on() {
    let known = es256();
    let mut rig = rig(&known);
    let (one, other) = (rig.live(0, "ann", 1), rig.live(0, "bob", 1));
    let chat = rig.open(one, "bob");
    let forged = ann(&es256());
    let (looked_at, put_off) = flood(&mut rig, 1_000, &forged);
    assert!((AT_ONCE - 1..=AT_ONCE).contains(&looked_at), "{looked_at}");
    assert_eq!((looked_at + put_off), 1_000);
    assert_eq!(rig.workers[0].counters().signatures_put_off, put_off as u64);

    rig.send(one, chat, 1, b"goes on");
    assert_eq!(rig.answers(one), [(1, Ok(1))]);
    assert_eq!(rig.deliveries(other), [(1, b"goes on".to_vec())]);

    let mut looked_at = 0;
    for _ in 0..100 {
        rig.wait_ms(10);
        looked_at += flood(&mut rig, 100, &forged).0;
    }
    let spent_us = looked_at as u32 * ES256_US;
    let most_us = 1_000_000 / SIGN_INS_CORE_PART;
    assert!(
        (most_us * 9 / 10..=most_us * 11 / 10).contains(&spent_us),
        "{spent_us}"
    );
    rig.wait_ms(1);
    rig.live(0, "cid", 1);
}

#[test]
fn whoever_is_told_to_come_back_is_let_in_then() {
    let known = es256();
    let mut rig = rig(&known);
    flood(&mut rig, AT_ONCE + 1, &ann(&es256()));
    let refused = rig.connect(0);
    rig.say(refused, &hello(&ann(&known)));
    let frame = rig.next_frame(refused);
    let ServerFrame::Failure(failure) = decoded(&frame) else {
        panic!("no failure");
    };
    assert_eq!((failure.code, failure.fatal), (ErrorCode::Overloaded, true));
    rig.wait_ms(u64::from(failure.retry_after_ms));
    let again = rig.connect(0);
    rig.say(again, &hello(&ann(&known)));
    assert_eq!(rig.kinds(again), [FrameKind::Welcome]);
}

#[test]
fn sessions_renew_their_tokens_during_a_flood_and_are_bounded_too() {
    let known = es256();
    let mut rig = rig(&known);
    let session = rig.connect(0);
    rig.say(session, &hello(&ann(&known)));
    flood(&mut rig, 2 * AT_ONCE, &ann(&es256()));
    let mut newer = Vec::new();
    let token = ann(&known);
    Reauthenticate { token: &token }.encode(&mut newer);
    let put_off = rig.workers[0].counters().signatures_put_off;
    for _ in 0..AT_ONCE {
        rig.say(session, &newer);
    }
    assert_eq!(rig.workers[0].counters().signatures_put_off, put_off);
    assert_eq!(rig.kinds(session), [FrameKind::Welcome]);

    rig.say(session, &newer);
    assert_eq!(rig.failure(session), (0, ErrorCode::Overloaded));
    assert_eq!(rig.fatal(session), None);
    rig.wait_ms(u64::from(ES256_US * RENEWALS_CORE_PART / 1_000 + 1));
    rig.say(session, &newer);
    assert_eq!(rig.kinds(session), [FrameKind::Welcome], "taken");
}
