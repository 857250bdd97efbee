//! PEM files that OpenSSL 3.0 wrote, and what is none of them.

use ring::rand::SystemRandom;

use super::*;
use crate::NewToken;
use crate::token::{KeySet, TokenRules, TokenVerifier};

const ED25519: [&str; 2] = [
    "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIBjat2/Qq1TUaUeziVGp1vCPjuS+Yyd3+e14pttaPU30
-----END PRIVATE KEY-----
",
    "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAikeyeME0F8vUzHgpZqBlKUsiQvRU2sVA4HxkxIGroF0=
-----END PUBLIC KEY-----
",
];
const P256: [&str; 2] = [
    "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgThs/K9AkNa3jX4+D
HNB3R6buiHzCFAj5MlMoaU0uxcyhRANCAATtxE7wxbEcCWqJ4z/whEUfQVwoxqFH
umD2CGoXast64Vbhao23eIkbeUIarLDQTC/EHqZy3iHpS9XaUpYVDCU/
-----END PRIVATE KEY-----
",
    "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7cRO8MWxHAlqieM/8IRFH0FcKMah
R7pg9ghqF2rLeuFW4WqNt3iJG3lCGqyw0EwvxB6mct4h6UvV2lKWFQwlPw==
-----END PUBLIC KEY-----
",
];
const P384: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE3zTXWRlDrTDsTlOaQRxvBTSitxPfBVuG
F187lwFMrcbmxutpu/aRwG/Wo70fgSmCvLLwAPwmZpZGCK5o7b+N94Q/YGaET1gY
Y3ndBboZIvnt3EuYo8k/EolDgTs/7Fw9
-----END PUBLIC KEY-----
";

fn read_private(id: Option<&str>, text: &str) -> Result<TokenSigner, KeyError> {
    TokenSigner::from_pem(id, text, std::sync::Arc::new(SystemRandom::new()))
}

#[test]
fn what_openssl_writes_is_read_signs_verifies_and_is_written_the_same() {
    for ([private, public], algorithm) in [(ED25519, Algorithm::EdDsa), (P256, Algorithm::Es256)] {
        let signer = read_private(Some("k"), private).expect("a private key");
        let key = TokenKey::from_pem(Some("k"), algorithm, public).expect("a public key");
        assert_eq!(
            (signer.algorithm(), key.algorithm()),
            (algorithm, algorithm)
        );
        let token = NewToken {
            subject: "ann",
            device: 1,
            issued_at_s: 1,
            expires_at_s: 9,
        };
        let keys = KeySet::new(vec![key]).expect("one key");
        let verifier = TokenVerifier::new(keys, TokenRules::default());
        let token = token.sign(&signer).expect("is signed");
        assert!(verifier.verify(&token, 5_000).is_ok());
        assert_eq!(signer.private_pem().as_deref(), Some(private));
        assert_eq!(signer.public_pem().as_deref(), Some(public));
    }
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    let read = |algorithm, text: &str| TokenKey::from_pem(None, algorithm, text).map(drop);
    for (algorithm, text) in [
        (Algorithm::EdDsa, P256[1]),
        (Algorithm::Es256, ED25519[1]),
        (Algorithm::Es256, P384),
        (Algorithm::Hs256, P256[1]),
        (Algorithm::EdDsa, ED25519[0]),
        (Algorithm::Es256, P256[0]),
    ] {
        assert_eq!(read(algorithm, text), Err(KeyError::Encoding), "{text}");
    }
}

#[test]
fn damaged_texts_are_refused() {
    let public = ED25519[1];
    let twice = [public, public].concat();
    let cut = &public[..public.len() - 20];
    let long = format!("{public}{}", " ".repeat(TEXT_BYTES_MAX));
    let other = public.replace("MCow", "MCox");
    for text in ["", "text", &twice, cut, &long, &other] {
        let read = TokenKey::from_pem(None, Algorithm::EdDsa, text).map(drop);
        assert_eq!(read, Err(KeyError::Encoding), "{text}");
    }
    let changed = P256[0].replace("hRANCAATtxE7w", "hRANCAATtxE7x");
    assert_ne!(changed, P256[0]);
    assert!(read_private(None, &changed).is_err());
    for private in [ED25519[0], P256[0]] {
        for cut in 30..private.len() - 30 {
            assert!(read_private(None, &private[..cut]).is_err());
        }
    }
}
