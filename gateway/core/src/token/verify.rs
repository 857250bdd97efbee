//! Verifies a session token: from its text and the wall clock to the device that it names, or the reason against it.
//!
//! The signature is compared in constant time, and no claim is read before it has been verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ringpost_wire::limits::TOKEN_BYTES_MAX;
use ringpost_wire::{DeviceAddress, ErrorCode};
use sha2::Sha256;

use super::claims::{Claims, Header};
use crate::TokenKey;

const ALGORITHM: &str = "HS256";

/// Whom a valid token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHolder {
    /// The user and device.
    pub device: DeviceAddress,
    /// End of the token's validity, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not three parts of base64url with JSON inside.
    Malformed,
    /// The header's algorithm is not the key's.
    Algorithm,
    /// The header names a key that is not configured, or none and there is no key.
    KeyUnknown,
    /// The signature does not verify.
    Signature,
    /// A claim is missing, has another type, or is outside its limits.
    Claims,
    /// Meant for another audience.
    Audience,
    /// Of another issuer.
    Issuer,
    /// Issued in the future.
    NotYetValid,
    /// Its time is over.
    Expired,
}

impl TokenError {
    /// The code that the client is told.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::TokenMalformed,
            Self::Algorithm => ErrorCode::TokenAlgorithm,
            Self::KeyUnknown => ErrorCode::TokenKeyUnknown,
            Self::Signature => ErrorCode::TokenSignature,
            Self::Claims => ErrorCode::TokenClaims,
            Self::Audience => ErrorCode::TokenAudience,
            Self::Issuer => ErrorCode::TokenIssuer,
            Self::NotYetValid => ErrorCode::TokenNotYetValid,
            Self::Expired => ErrorCode::TokenExpired,
        }
    }
}

/// The keys and the issuer that tokens are checked against.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    keys: Vec<TokenKey>,
    issuer: Option<String>,
}

impl TokenVerifier {
    /// A verifier for `keys`, the first of which is for tokens that name none.
    pub fn new(keys: Vec<TokenKey>, issuer: Option<String>) -> Self {
        Self { keys, issuer }
    }

    /// Checks `token` at the wall clock `clock_ms`.
    ///
    /// # Errors
    /// The first reason against it, in the order: form, key, algorithm, signature, claims, time.
    pub fn verify(&self, token: &str, clock_ms: u64) -> Result<TokenHolder, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, body) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let signature = decode(signature)?;
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let key = self.key(header.kid.as_deref())?;
        if header.alg != ALGORITHM {
            return Err(TokenError::Algorithm);
        }
        verify_signature(&key.secret, signed.as_bytes(), &signature)?;
        let claims: Claims =
            serde_json::from_slice(&decode(body)?).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => TokenError::Claims,
                _ => TokenError::Malformed,
            })?;
        claims.check(self.issuer.as_deref(), clock_ms)
    }

    fn key(&self, id: Option<&str>) -> Result<&TokenKey, TokenError> {
        let key = match id {
            None => self.keys.first(),
            Some(_) => self.keys.iter().find(|key| key.id.as_deref() == id),
        };
        key.ok_or(TokenError::KeyUnknown)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}

fn verify_signature(secret: &[u8], signed: &[u8], signature: &[u8]) -> Result<(), TokenError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| TokenError::Signature)?;
    mac.update(signed);
    mac.verify_slice(signature)
        .map_err(|_| TokenError::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    const CLOCK_MS: u64 = 1_800_000_000_000;

    fn verifier() -> TokenVerifier {
        let key = |id: Option<&str>, secret: &[u8]| TokenKey {
            id: id.map(str::to_owned),
            secret: secret.to_vec(),
        };
        TokenVerifier::new(
            vec![key(None, b"first secret"), key(Some("two"), b"second")],
            None,
        )
    }

    fn token(header: &str, body: &str, secret: &[u8]) -> String {
        let signed = [header, body]
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .join(".");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
        mac.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    fn check(header: &str, body: &str) -> Result<TokenHolder, TokenError> {
        verifier().verify(&token(header, body, b"first secret"), CLOCK_MS)
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
        assert_eq!(
            (holder.device, holder.expires_ms),
            (device, 1_800_000_001_000)
        );
        assert!(check(HEADER, &body(r#""ringpost""#, r#"["x","ringpost"]"#)).is_ok());
        let second = r#"{"alg":"HS256","kid":"two"}"#;
        let token = token(second, &body("", ""), b"second");
        assert!(verifier().verify(&token, CLOCK_MS).is_ok());
    }

    #[test]
    fn each_defect_of_the_form_has_its_error() {
        let valid = body("", "");
        for (header, body, error) in [
            ("{", valid.as_str(), TokenError::Malformed),
            (HEADER, "{", TokenError::Malformed),
            (
                r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
                &valid,
                TokenError::Malformed,
            ),
            (r#"{"alg":"none"}"#, &valid, TokenError::Algorithm),
            (r#"{"alg":"HS512"}"#, &valid, TokenError::Algorithm),
            (
                r#"{"alg":"HS256","kid":"x"}"#,
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
    fn each_defect_of_a_claim_has_its_error() {
        for (body, error) in [
            ("{}".to_owned(), TokenError::Claims),
            (body(r#""did":7"#, r#""did":0"#), TokenError::Claims),
            (
                body(r#""did":7"#, r#""did":4294967296"#),
                TokenError::Claims,
            ),
            (body(r#""ann""#, r#""""#), TokenError::Claims),
            (
                body(r#""ann""#, &format!(r#""{}""#, "a".repeat(129))),
                TokenError::Claims,
            ),
            (body("1800000001", "1799999998"), TokenError::Claims),
            (body(r#""ringpost""#, r#""other""#), TokenError::Audience),
            (body("1800000001", "1800000000"), TokenError::Expired),
            (
                body("1799999999", "1800000061").replace("1800000001", "1900000000"),
                TokenError::NotYetValid,
            ),
            (
                body(r#""did":7"#, r#""did":7,"nbf":1800000061"#)
                    .replace("1800000001", "1900000000"),
                TokenError::NotYetValid,
            ),
        ] {
            assert_eq!(check(HEADER, &body), Err(error), "{body}");
        }
    }

    #[test]
    fn another_issuer_is_refused_where_one_is_asked_for() {
        let valid = body("", "");
        let strict = TokenVerifier::new(verifier().keys, Some("us".to_owned()));
        let unnamed = token(HEADER, &valid, b"first secret");
        assert_eq!(strict.verify(&unnamed, CLOCK_MS), Err(TokenError::Issuer));
        let ours = body(r#""sub""#, r#""iss":"us","sub""#);
        assert!(
            strict
                .verify(&token(HEADER, &ours, b"first secret"), CLOCK_MS)
                .is_ok()
        );
    }

    #[test]
    fn damaged_text_is_refused() {
        let good = token(HEADER, &body("", ""), b"first secret");
        for index in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(bytes).expect("still text");
            assert!(verifier().verify(&damaged, CLOCK_MS).is_err(), "{index}");
        }
        for text in ["", ".", "..", "a.b", &"a".repeat(3_000), "a.b.c.d"] {
            assert_eq!(
                verifier().verify(text, CLOCK_MS),
                Err(TokenError::Malformed)
            );
        }
        let none = TokenVerifier::new(Vec::new(), None);
        assert_eq!(none.verify(&good, CLOCK_MS), Err(TokenError::KeyUnknown));
    }
}
