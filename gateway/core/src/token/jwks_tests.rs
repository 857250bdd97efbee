//! Sets as identity providers publish them, and sets that are wrong in one place.

use super::*;
use crate::{NewToken, TokenRules, TokenSigner, TokenVerifier};

/// RFC 8037, appendix A.2.
const OKP: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"KEY}"#;
/// RFC 7517, appendix A.1.
const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"KEY}"#;
/// RFC 7515, appendix A.1.
const OCT: &str = r#"{"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"KEY}"#;
const RSA: &str = r#"{"kty":"RSA","n":"AQAB","e":"AQAB"KEY}"#;

fn key(template: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    template.replace("KEY", &format!("{comma}{more}"))
}

fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn reasons(keys: &[String]) -> Vec<&'static str> {
    let jwks = Jwks::parse(&set(keys)).expect("a set");
    jwks.skipped.iter().map(|key| key.reason).collect()
}

#[test]
fn keys_of_every_kind_are_read_and_others_skipped() {
    let keys = [
        key(OKP, r#""kid":"a","use":"sig","alg":"EdDSA""#),
        key(RSA, r#""kid":"r""#),
        key(EC, r#""kid":"b","key_ops":["verify"],"x5t":"ignored""#),
        key(OCT, r#""kid":"c""#),
    ];
    let jwks = Jwks::parse(&set(&keys)).expect("a set");
    let read: Vec<_> = jwks
        .keys
        .iter()
        .map(|key| (key.id(), key.algorithm()))
        .collect();
    let expected = [
        (Some("a"), Algorithm::EdDsa),
        (Some("b"), Algorithm::Es256),
        (Some("c"), Algorithm::Hs256),
    ];
    assert_eq!(read, expected);
    assert!(jwks.holds_secret);
    let skipped = SkippedKey {
        index: 1,
        id: Some("r".to_owned()),
        reason: "a kind of key that is not offered",
    };
    assert_eq!(jwks.skipped, [skipped]);
    assert!(!Jwks::parse(&set(&keys[..3])).expect("a set").holds_secret);
}

#[test]
fn a_key_for_something_else_is_skipped() {
    let good = || key(OKP, r#""kid":"good""#);
    for (bad, reason) in [
        (key(OKP, r#""use":"enc""#), "its use is not sig"),
        (
            key(EC, r#""key_ops":["sign"]"#),
            "its key_ops do not hold verify",
        ),
        (
            key(EC, r#""alg":"ES384""#),
            "its alg is not that of its kind",
        ),
        (
            key(OKP, r#""alg":"HS256""#),
            "its alg is not that of its kind",
        ),
        (
            key(OKP, r#""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#),
            "a private key, which has no place here",
        ),
        (
            key(EC, "").replace("P-256", "P-384"),
            "a curve that is not offered",
        ),
        (
            key(OKP, "").replace("Ed25519", "X25519"),
            "a curve that is not offered",
        ),
        (
            key(OCT, "").replace(r#""alg":"HS256","#, ""),
            "a secret without alg",
        ),
        (
            r#"{"kty":"oct","alg":"HS256","k":"c2hvcnQ"}"#.to_owned(),
            "a secret of fewer than 32 bytes",
        ),
        (
            key(EC, "").replace("MKBC", "MKBD"),
            "not a point of the curve",
        ),
        (
            key(OKP, "").replace("URo", "URp"),
            "a member is not base64url",
        ),
        (
            key(OKP, "").replace(r#""x""#, r#""z""#),
            "a member is missing",
        ),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#
                .to_owned(),
            "a point of small order, for which anyone can sign",
        ),
        (key(OKP, r#""kid":7"#), "a member of another type"),
        (key(OKP, r#""kid":"""#), KeyError::Id.reason()),
        ("7".to_owned(), "a member of another type"),
    ] {
        assert_eq!(reasons(&[good(), bad.clone()]), [reason], "{bad}");
        assert_eq!(Jwks::parse(&set(&[bad])).map(drop), Err(JwksError::NoKey));
    }
}

#[test]
fn a_wrong_set_is_refused_as_a_whole() {
    let parse = |text: &str| Jwks::parse(text).map(drop);
    for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[}"#] {
        assert!(matches!(parse(text), Err(JwksError::Form(_))), "{text}");
    }
    assert_eq!(parse(r#"{"keys":[]}"#), Err(JwksError::NoKey));
    let twice = set(&[key(OKP, r#""kid":"a""#), key(EC, r#""kid":"a""#)]);
    let duplicate = KeySetError::Duplicate(Some("a".to_owned()));
    assert_eq!(parse(&twice), Err(JwksError::Keys(duplicate)));
    let nameless = set(&[key(OKP, ""), key(EC, "")]);
    assert_eq!(
        parse(&nameless),
        Err(JwksError::Keys(KeySetError::Duplicate(None)))
    );
    let large = format!("{}{}", set(&[key(OKP, "")]), " ".repeat(JWKS_BYTES_MAX));
    assert_eq!(parse(&large), Err(JwksError::TooLarge));
    let many: Vec<String> = (0..=TOKEN_KEYS_MAX)
        .map(|number| key(RSA, &format!(r#""kid":"{number}""#)))
        .collect();
    assert_eq!(
        parse(&set(&many)),
        Err(JwksError::Keys(KeySetError::TooMany))
    );
}

#[test]
fn any_cut_of_a_set_is_refused_and_nothing_of_a_key_is_told() {
    let text = set(&[key(OCT, r#""kid":"a""#), key(EC, r#""kid":"b""#)]);
    for end in 0..text.len() {
        let error = Jwks::parse(&text[..end]).expect_err("is cut");
        assert!(!error.to_string().contains("AyM1"), "{error}");
    }
}

#[test]
fn the_private_half_of_a_published_key_signs_for_it() {
    // RFC 8037, appendix A.1: the private half of the key above.
    let seed = URL_SAFE_NO_PAD
        .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .expect("base64url");
    let seed = seed.as_slice().try_into().expect("32 bytes");
    let signer = TokenSigner::ed25519(Some("a"), seed);
    let jwks = Jwks::parse(&set(&[key(OKP, r#""kid":"a""#)])).expect("a set");
    let keys = KeySet::new(jwks.keys).expect("one key");
    let token = NewToken {
        subject: "ann",
        device: 1,
        issued_at_s: 1,
        expires_at_s: 9,
    };
    let verifier = TokenVerifier::new(keys, TokenRules::default());
    let token = token.sign(&signer).expect("is signed");
    assert!(verifier.verify(&token, 5_000).is_ok());
}
