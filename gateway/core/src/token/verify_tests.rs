//! Every reason against a token, for every algorithm.

use std::sync::{Arc, LazyLock};

use ring::hmac;
use ring::rand::SystemRandom;

use super::*;
use crate::limits::TOKEN_LEEWAY_MS_MAX;
use crate::token::TokenSigner;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const CLOCK_MS: u64 = 1_800_000_000_000;
const SECRET: &[u8; 32] = b"the first secret of all the keys";

static SIGNERS: LazyLock<[TokenSigner; 4]> = LazyLock::new(|| {
    let random = Arc::new(SystemRandom::new());
    [
        TokenSigner::hs256(None, SECRET),
        TokenSigner::hs256(Some("two"), &[2; 32]),
        TokenSigner::ed25519(Some("ed"), &[3; 32]),
        TokenSigner::generate(Some("es"), Algorithm::Es256, random).expect("randomness"),
    ]
});

fn signers() -> [TokenSigner; 4] {
    SIGNERS.clone()
}

fn sign(signer: &TokenSigner, signed: &str) -> Vec<u8> {
    signer.sign(signed.as_bytes()).expect("is signed")
}

fn verifier_with(rules: TokenRules) -> TokenVerifier {
    let keys = signers().map(|signer| signer.verifying()).into_iter();
    let keys = keys.collect::<Result<_, _>>().expect("keys");
    TokenVerifier::new(KeySet::new(keys).expect("a set"), rules)
}

/// Without leeway.
fn verifier() -> TokenVerifier {
    verifier_with(TokenRules {
        leeway_ms: 0,
        ..TokenRules::default()
    })
}

fn signed_part(header: &str, body: &str) -> String {
    let parts = [header, body].map(|part| URL_SAFE_NO_PAD.encode(part));
    parts.join(".")
}

fn token(header: &str, body: &str, signer: &TokenSigner) -> String {
    let signed = signed_part(header, body);
    let signature = URL_SAFE_NO_PAD.encode(sign(signer, &signed));
    format!("{signed}.{signature}")
}

/// HMAC by hand, with any bytes as the secret.
fn token_with_secret(header: &str, body: &str, secret: &[u8]) -> String {
    let signed = signed_part(header, body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn check(header: &str, body: &str) -> Result<TokenHolder, TokenError> {
    verifier().verify(&token(header, body, &signers()[0]), CLOCK_MS)
}

fn body(change: &str, into: &str) -> String {
    let valid = r#"{"sub":"ann","did":7,"iat":1799999999,"exp":1800000001,"aud":"ringpost"}"#;
    let changed = valid.replace(change, into);
    assert!(change.is_empty() || changed != valid, "{change}");
    changed
}

#[test]
fn a_valid_token_names_its_device() {
    let holder = check(HEADER, &body("", "")).expect("valid");
    let device = DeviceAddress {
        user: ringpost_wire::UserId::from_subject("ann"),
        device: 7,
    };
    let expected = TokenHolder {
        device,
        issued_ms: 1_799_999_999_000,
        expires_ms: 1_800_000_001_000,
    };
    assert_eq!(holder, expected);
    assert!(check(HEADER, &body(r#""ringpost""#, r#"["x","ringpost"]"#)).is_ok());
    for (name, signer) in ["HS256", "HS256", "EdDSA", "ES256"].iter().zip(signers()) {
        let kid = signer
            .id()
            .map_or(String::new(), |id| format!(r#","kid":"{id}""#));
        let header = format!(r#"{{"alg":"{name}"{kid}}}"#);
        let token = token(&header, &body("", ""), &signer);
        assert_eq!(
            verifier().verify(&token, CLOCK_MS),
            Ok(expected),
            "{header}"
        );
    }
    let fully_specified = r#"{"alg":"Ed25519","kid":"ed"}"#;
    let token = token(fully_specified, &body("", ""), &signers()[2]);
    assert!(verifier().verify(&token, CLOCK_MS).is_ok());
}

#[test]
fn each_defect_of_the_form_has_its_error() {
    let valid = body("", "");
    let crit = r#"{"alg":"HS256","crit":["b64"],"b64":false}"#;
    for (header, body, error) in [
        ("{", valid.as_str(), TokenError::Malformed),
        ("{}", &valid, TokenError::Malformed),
        ("[]", &valid, TokenError::Malformed),
        (r#"{"alg":7}"#, &valid, TokenError::Malformed),
        (
            r#"{"alg":"HS256","alg":"HS256"}"#,
            &valid,
            TokenError::Malformed,
        ),
        (HEADER, "{", TokenError::Malformed),
        (crit, &valid, TokenError::Malformed),
        (r#"{"alg":"none"}"#, &valid, TokenError::Algorithm),
        (r#"{"alg":"hs256"}"#, &valid, TokenError::Algorithm),
        (r#"{"alg":"HS512"}"#, &valid, TokenError::Algorithm),
        (
            r#"{"alg":"HS256","kid":"x"}"#,
            &valid,
            TokenError::KeyUnknown,
        ),
        (
            r#"{"alg":"HS256","kid":""}"#,
            &valid,
            TokenError::KeyUnknown,
        ),
        (
            r#"{"alg":"HS256","kid":"two"}"#,
            &valid,
            TokenError::Signature,
        ),
    ] {
        assert_eq!(check(header, body), Err(error), "{header} {body}");
    }
}

#[test]
fn every_pair_of_a_key_and_another_algorithm_is_refused() {
    for signer in signers() {
        let kid = signer
            .id()
            .map_or(String::new(), |id| format!(r#","kid":"{id}""#));
        for name in ["HS256", "EdDSA", "ES256", "none", "RS256"] {
            if name == signer.algorithm().name() {
                continue;
            }
            let header = format!(r#"{{"alg":"{name}"{kid}}}"#);
            for signer in signers() {
                let token = token(&header, &body("", ""), &signer);
                let refused = verifier().verify(&token, CLOCK_MS);
                assert_eq!(refused, Err(TokenError::Algorithm), "{header}");
            }
        }
    }
}

#[test]
fn a_public_key_is_no_secret() {
    for (signer, id) in [(&signers()[2], "ed"), (&signers()[3], "es")] {
        let (public, pem) = (signer.public(), signer.public_pem());
        let secrets = [public.expect("public"), pem.expect("public").into_bytes()];
        for secret in secrets {
            let header = format!(r#"{{"alg":"HS256","kid":"{id}"}}"#);
            let forged = token_with_secret(&header, &body("", ""), &secret);
            let refused = verifier().verify(&forged, CLOCK_MS);
            assert_eq!(refused, Err(TokenError::Algorithm));
            let header = format!(r#"{{"alg":"{}","kid":"{id}"}}"#, signer.algorithm().name());
            let forged = token_with_secret(&header, &body("", ""), &secret);
            let refused = verifier().verify(&forged, CLOCK_MS);
            assert_eq!(refused, Err(TokenError::Signature));
        }
    }
}

#[test]
fn without_a_name_several_named_keys_are_none() {
    let keys = signers().into_iter().skip(1);
    let keys = keys.map(|signer| signer.verifying().expect("a key"));
    let named = KeySet::new(keys.collect()).expect("a set");
    let verifier = TokenVerifier::new(named, TokenRules::default());
    let unnamed = token(HEADER, &body("", ""), &signers()[1]);
    let refused = verifier.verify(&unnamed, CLOCK_MS);
    assert_eq!(refused, Err(TokenError::KeyUnknown));
}

#[test]
fn an_ecdsa_signature_has_one_form() {
    let header = r#"{"alg":"ES256","kid":"es"}"#;
    let signed = signed_part(header, &body("", ""));
    let good = sign(&signers()[3], &signed);
    let verify = |signature: &[u8]| {
        let signature = URL_SAFE_NO_PAD.encode(signature);
        verifier().verify(&format!("{signed}.{signature}"), CLOCK_MS)
    };
    assert!(verify(&good).is_ok());
    let (r, s) = good.split_at(32);
    let der_number = |number: &[u8]| [&[0x02, 0x21, 0x00], number].concat();
    let numbers = [der_number(r), der_number(s)].concat();
    let der = [&[0x30, numbers.len() as u8], numbers.as_slice()].concat();
    for refused in [
        der.as_slice(),
        &[],
        &[0; 64],
        &[0xff; 64],
        &[r, &[0; 32]].concat(),
        &[&[0; 32], s].concat(),
        &[s, r].concat(),
        &good[..63],
        &[good.as_slice(), &[0]].concat(),
    ] {
        assert_eq!(verify(refused), Err(TokenError::Signature), "{refused:?}");
    }
}

#[test]
fn an_ed25519_signature_has_one_form() {
    let header = r#"{"alg":"EdDSA","kid":"ed"}"#;
    let signed = signed_part(header, &body("", ""));
    let good = sign(&signers()[2], &signed);
    let verify = |signature: &[u8]| {
        let signature = URL_SAFE_NO_PAD.encode(signature);
        verifier().verify(&format!("{signed}.{signature}"), CLOCK_MS)
    };
    assert!(verify(&good).is_ok());
    // The order of the group, little-endian (RFC 8032): added to S it gives the same number and another text.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleated = good.clone();
    let mut carry = 0;
    for (byte, add) in malleated[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry as u8;
        carry >>= 8;
    }
    let small_point = [&[1], [0; 31].as_slice(), &good[32..]].concat();
    for refused in [
        malleated.as_slice(),
        &small_point,
        &[0; 64],
        &[0xff; 64],
        &good[..63],
        &[good.as_slice(), &[0]].concat(),
        &[],
    ] {
        assert_eq!(verify(refused), Err(TokenError::Signature), "{refused:?}");
    }
}

#[test]
fn each_defect_of_a_claim_has_its_error() {
    for (body, error) in [
        ("{}".to_owned(), TokenError::Claims),
        (body(r#""did":7"#, r#""did":0"#), TokenError::Claims),
        (
            body(r#""did":7"#, r#""did":4294967296"#),
            TokenError::Claims,
        ),
        (body(r#""did":7"#, r#""did":7,"did":7"#), TokenError::Claims),
        (body(r#""ann""#, r#""""#), TokenError::Claims),
        (
            body(r#""ann""#, &format!(r#""{}""#, "a".repeat(129))),
            TokenError::Claims,
        ),
        (body("1800000001", "1799999998"), TokenError::Claims),
        (body("1800000001", "-1"), TokenError::Claims),
        (body("1800000001", "1800000001.5"), TokenError::Claims),
        (body("1800000001", "1e300"), TokenError::Claims),
        (body(r#""ringpost""#, r#""other""#), TokenError::Audience),
        (body(r#""ringpost""#, "[]"), TokenError::Audience),
        (body("1800000001", "1800000000"), TokenError::Expired),
        (
            body("1799999999", "1800000001").replace("\"exp\":1800000001", "\"exp\":1900000000"),
            TokenError::NotYetValid,
        ),
        (
            body(r#""did":7"#, r#""did":7,"nbf":1800000001"#)
                .replace("\"exp\":1800000001", "\"exp\":1900000000"),
            TokenError::NotYetValid,
        ),
        (
            body(r#""did":7"#, r#""did":7,"nbf":18446744073709551615"#),
            TokenError::NotYetValid,
        ),
    ] {
        assert_eq!(check(HEADER, &body), Err(error), "{body}");
    }
}

#[test]
fn leeway_counts_to_the_millisecond_on_both_sides_and_up_to_its_bound() {
    let check = |leeway_ms, clock_ms| {
        let rules = TokenRules {
            leeway_ms,
            ..TokenRules::default()
        };
        let token = token(HEADER, &body("", ""), &signers()[0]);
        let holder = verifier_with(rules).verify(&token, clock_ms);
        holder.map(|holder| holder.expires_ms)
    };
    let (issued_ms, ends_ms) = (1_799_999_999_000, 1_800_000_001_000);
    for (leeway_ms, counts_ms) in [
        (0, 0),
        (1, 1),
        (60_000, 60_000),
        (TOKEN_LEEWAY_MS_MAX, TOKEN_LEEWAY_MS_MAX),
        (u64::MAX, TOKEN_LEEWAY_MS_MAX),
    ] {
        let last_ms = ends_ms + counts_ms;
        assert_eq!(check(leeway_ms, last_ms - 1), Ok(last_ms));
        assert_eq!(check(leeway_ms, last_ms), Err(TokenError::Expired));
        let first_ms = issued_ms - counts_ms;
        assert_eq!(check(leeway_ms, first_ms), Ok(last_ms));
        assert_eq!(check(leeway_ms, first_ms - 1), Err(TokenError::NotYetValid));
    }
}

#[test]
fn the_rules_for_audience_issuer_and_life_hold() {
    let check = |rules: TokenRules, body: &str| {
        let token = token(HEADER, body, &signers()[0]);
        verifier_with(rules).verify(&token, CLOCK_MS).map(drop)
    };
    let (valid, ours) = (body("", ""), body(r#""sub""#, r#""iss":"us","sub""#));
    let of_us = || TokenRules {
        issuer: Some("us".to_owned()),
        ..TokenRules::default()
    };
    assert_eq!(check(of_us(), &valid), Err(TokenError::Issuer));
    let theirs = ours.replace("us", "them");
    assert_eq!(check(of_us(), &theirs), Err(TokenError::Issuer));
    assert_eq!(check(of_us(), &ours), Ok(()));
    let for_chat = || TokenRules {
        audience: "chat".to_owned(),
        ..TokenRules::default()
    };
    assert_eq!(check(for_chat(), &valid), Err(TokenError::Audience));
    assert_eq!(
        check(for_chat(), &valid.replace("ringpost", "chat")),
        Ok(())
    );
    let at_most = |life_ms_max| TokenRules {
        life_ms_max: Some(life_ms_max),
        ..TokenRules::default()
    };
    assert_eq!(check(at_most(2_000), &valid), Ok(()));
    assert_eq!(check(at_most(1_999), &valid), Err(TokenError::Claims));
}

#[test]
fn no_claim_is_looked_at_before_the_signature() {
    for defect in [body("1800000001", "1800000000"), "{".to_owned()] {
        let forged = token_with_secret(HEADER, &defect, &[9; 32]);
        let refused = verifier().verify(&forged, CLOCK_MS);
        assert_eq!(refused, Err(TokenError::Signature), "{defect}");
    }
}

#[test]
fn only_canonical_base64url_is_a_token() {
    let good = token(HEADER, &body("", ""), &signers()[0]);
    // 32 bytes leave two bits over in their last digit.
    let last = good.chars().next_back().expect("not empty");
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = digits.find(last).expect("a digit");
    let others = (1..4).map(|bits| &digits[place + bits..=place + bits]);
    let stem = &good[..good.len() - 1];
    let variants = others.map(|digit| format!("{stem}{digit}"));
    for text in variants.chain([
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        good.replacen('.', "=.", 1),
        format!("{good}+"),
    ]) {
        let refused = verifier().verify(&text, CLOCK_MS);
        assert_eq!(refused, Err(TokenError::Malformed), "{text}");
    }
}

#[test]
fn damaged_text_is_refused() {
    for signer in signers() {
        let kid = signer
            .id()
            .map_or(String::new(), |id| format!(r#","kid":"{id}""#));
        let header = format!(r#"{{"alg":"{}"{kid}}}"#, signer.algorithm().name());
        let good = token(&header, &body("", ""), &signer);
        for index in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(bytes).expect("still text");
            assert!(verifier().verify(&damaged, CLOCK_MS).is_err(), "{index}");
        }
    }
    for text in ["", ".", "..", "a.b", &"a".repeat(3_000), "a.b.c.d"] {
        let refused = verifier().verify(text, CLOCK_MS);
        assert_eq!(refused, Err(TokenError::Malformed));
    }
    let long = body(r#""sub""#, &format!(r#""x":"{}","sub""#, "y".repeat(2_048)));
    assert_eq!(check(HEADER, &long), Err(TokenError::Malformed));
    let none = TokenVerifier::default();
    let good = token(HEADER, &body("", ""), &signers()[0]);
    assert_eq!(none.verify(&good, CLOCK_MS), Err(TokenError::KeyUnknown));
}

#[test]
fn a_secret_shorter_than_a_digest_is_no_key() {
    assert!(TokenKey::hs256(None, b"short").is_err());
}
