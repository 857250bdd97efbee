//! Tokens and keys of strangers: nothing that the keys have not signed signs anybody in, and no text of a key breaks the reader.

use core::str::from_utf8;
use std::sync::Arc;

use ring::rand::SystemRandom;
use ringpost_gateway_core::{
    Algorithm, Jwks, KeySet, NewToken, TokenKey, TokenRules, TokenSigner, TokenVerifier,
};

use crate::target::Verdict;

/// A key of these tests alone.
const P256: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8hIQSImNA6shO6GN\n\
    tqsMUnyNm/b72Vt2zw1dD66BuQuhRANCAASIIEJWoy+T+6G0yInIvmImLS+KZkrp\n\
    xdDu7x5nnuAK6uqgaZSu3+M0K045peVso62gv8jroEFCDDnONVfIZSmY\n\
    -----END PRIVATE KEY-----\n";
const NOW_S: u64 = 1_800_000_000;

thread_local! {
    static SIGNERS: [TokenSigner; 3] = [
        TokenSigner::hs256(Some("h"), &[7; 32]),
        TokenSigner::ed25519(Some("e"), &[8; 32]),
        TokenSigner::from_pem(Some("p"), P256, Arc::new(SystemRandom::new())).expect("a key pair"),
    ];
    static VERIFIER: TokenVerifier = SIGNERS.with(|signers| {
        let key = |signer: &TokenSigner| signer.verifying().expect("a signer's own key");
        let keys = KeySet::new(signers.iter().map(key).collect()).expect("three names");
        TokenVerifier::new(keys, TokenRules::default())
    });
    /// What was signed: ES256 makes another signature each time.
    static SIGNED: Vec<Vec<u8>> = token_seeds().iter().map(|token| signed_part(token).to_vec()).collect();
}

/// The text of a token.
pub(crate) fn run_token(bytes: &[u8]) -> Verdict {
    let Ok(text) = from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let verified = VERIFIER.with(|verifier| verifier.verify(text, NOW_S * 1_000));
    let Ok(holder) = verified else {
        return Verdict::Refused;
    };
    let is_signed = SIGNED.with(|signed| signed.iter().any(|part| part == signed_part(bytes)));
    assert!(is_signed, "forged: {text}");
    assert_eq!(holder.device.device, 3);
    Verdict::Taken
}

/// A token without its signature.
fn signed_part(token: &[u8]) -> &[u8] {
    let dot = token.iter().rposition(|byte| *byte == b'.');
    &token[..dot.unwrap_or(0)]
}

/// One token a key, and one that is over.
pub(crate) fn token_seeds() -> Vec<Vec<u8>> {
    let token = |signer: &TokenSigner, expires_at_s| {
        let claims = NewToken {
            subject: "ann",
            device: 3,
            issued_at_s: NOW_S - 60,
            expires_at_s,
        };
        claims
            .sign(signer)
            .expect("there is randomness")
            .into_bytes()
    };
    SIGNERS.with(|signers| {
        let valid = signers.iter().map(|signer| token(signer, NOW_S + 3_600));
        valid.chain([token(&signers[1], NOW_S - 3_600)]).collect()
    })
}

/// The text of a key file: a set, or PEM of either half.
pub(crate) fn run_keys(bytes: &[u8]) -> Verdict {
    let Ok(text) = from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let mut is_taken = false;
    if let Ok(set) = Jwks::parse(text) {
        is_taken |= !set.keys.is_empty();
        let names: Vec<_> = set.keys.iter().map(TokenKey::id).collect();
        let is_repeated =
            |name: &Option<&str>| names.iter().filter(|other| *other == name).count() > 1;
        assert!(!names.iter().any(is_repeated), "two keys of one name");
    }
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
        if let Ok(key) = TokenKey::from_pem(Some("k"), algorithm, text) {
            assert_eq!(key.algorithm(), algorithm);
            is_taken = true;
        }
    }
    if let Ok(signer) = TokenSigner::from_pem(Some("k"), text, Arc::new(SystemRandom::new())) {
        let public = signer.public_pem().expect("PEM holds key pairs only");
        let key = TokenKey::from_pem(Some("k"), signer.algorithm(), &public);
        assert!(key.is_ok(), "its own public half is refused");
        is_taken = true;
    }
    Verdict::of(is_taken)
}

pub(crate) fn key_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = SIGNERS.with(|signers| {
        let halves = signers
            .iter()
            .flat_map(|signer| [signer.public_pem(), signer.private_pem()]);
        halves.flatten().map(String::into_bytes).collect()
    });
    let set = r#"{"keys":[
        {"kty":"OKP","crv":"Ed25519","kid":"a","alg":"EdDSA","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty":"EC","crv":"P-256","kid":"b","key_ops":["verify"],"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
        {"kty":"oct","kid":"c","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"},
        {"kty":"RSA","kid":"d","n":"AQAB","e":"AQAB"}]}"#;
    seeds.push(set.as_bytes().to_vec());
    seeds
}
