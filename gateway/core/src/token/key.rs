//! A key that verifies tokens: a secret or a public key, bound to one algorithm when it is made.
//!
//! Invariant: what can be made here verifies only signatures of its own algorithm, and no weak public key can be made.

use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};

use super::algorithm::Algorithm;
use super::curve::{check_ed25519, check_p256};
use crate::limits::{KEY_ID_BYTES_MAX, TOKEN_SECRET_BYTES_MIN};

/// Bytes of an uncompressed point of P-256 (SEC 1, 2.3.3), the first of which is 4.
const POINT_BYTES: usize = 65;

/// A key of session tokens.
#[derive(Clone)]
pub struct TokenKey {
    id: Option<String>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// Keyed once: a token costs no further pass over the secret.
    Hs256(Box<hmac::Key>),
    EdDsa([u8; 32]),
    Es256([u8; POINT_BYTES]),
}

/// Why something is no key. Names no byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// A secret shorter than a digest (RFC 7518, 3.2).
    SecretTooShort,
    /// Not an encoding of a public key, or of another kind.
    Encoding,
    /// No point of the curve.
    NotOnCurve,
    /// A point of small order: anyone can sign for it.
    LowOrder,
    /// Its id is empty or too long.
    Id,
}

impl KeyError {
    /// The reason in a few words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::SecretTooShort => "a secret of fewer than 32 bytes",
            Self::Encoding => "not an encoding of a key of its algorithm",
            Self::NotOnCurve => "not a point of the curve",
            Self::LowOrder => "a point of small order, for which anyone can sign",
            Self::Id => "a kid that is empty or longer than 128 bytes",
        }
    }
}

impl core::fmt::Display for KeyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for KeyError {}

impl TokenKey {
    /// A secret for HS256.
    ///
    /// # Errors
    /// It is shorter than 32 bytes, or `id` is outside its limits.
    pub fn hs256(id: Option<&str>, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < TOKEN_SECRET_BYTES_MIN {
            return Err(KeyError::SecretTooShort);
        }
        let keyed = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Self::new(id, Kind::Hs256(Box::new(keyed)))
    }

    /// A public key of Ed25519: 32 bytes (RFC 8032).
    ///
    /// # Errors
    /// They are no point, or one of small order, or `id` is outside its limits.
    pub fn ed25519(id: Option<&str>, public: &[u8]) -> Result<Self, KeyError> {
        let bytes = public.try_into().map_err(|_| KeyError::Encoding)?;
        check_ed25519(&bytes)?;
        Self::new(id, Kind::EdDsa(bytes))
    }

    /// A public key of P-256, as an uncompressed point (SEC 1, 2.3.3).
    ///
    /// # Errors
    /// They are no point, or `id` is outside its limits.
    pub fn es256(id: Option<&str>, point: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; POINT_BYTES] = point.try_into().map_err(|_| KeyError::Encoding)?;
        let [4, coordinates @ ..] = &bytes else {
            return Err(KeyError::Encoding);
        };
        check_p256(coordinates)?;
        Self::new(id, Kind::Es256(bytes))
    }

    /// The nameless key in the text of a secret file: 64 hexadecimal digits. `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::hs256(None, &secret_from_hex(text)?).ok()
    }

    fn new(id: Option<&str>, kind: Kind) -> Result<Self, KeyError> {
        if id.is_some_and(|id| !(1..=KEY_ID_BYTES_MAX).contains(&id.len())) {
            return Err(KeyError::Id);
        }
        let id = id.map(str::to_owned);
        Ok(Self { id, kind })
    }

    /// The `kid` by which tokens name it; `None` for a key without a name.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.kind {
            Kind::Hs256(_) => Algorithm::Hs256,
            Kind::EdDsa(_) => Algorithm::EdDsa,
            Kind::Es256(_) => Algorithm::Es256,
        }
    }

    /// Whether `signature` is this key's for `signed`. The comparison with a secret's digest takes constant time.
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.kind {
            Kind::Hs256(keyed) => hmac::verify(keyed, signed, signature).is_ok(),
            Kind::EdDsa(public) => UnparsedPublicKey::new(&ED25519, public)
                .verify(signed, signature)
                .is_ok(),
            Kind::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, signature)
                .is_ok(),
        }
    }
}

impl core::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TokenKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// The bytes of a secret file's text: 64 hexadecimal digits.
pub(super) fn secret_from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? * 16 + digit(*low)?) as u8);
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_hexadecimal_digits_are_a_secret_file() {
        assert_eq!(secret_from_hex(&"0b".repeat(32)), Some(vec![0x0b; 32]));
        for text in [
            "",
            "0b",
            &"0b".repeat(33),
            &"0g".repeat(32),
            &"+1".repeat(32),
            &"ä".repeat(32),
        ] {
            assert!(TokenKey::from_hex(text).is_none(), "{text}");
        }
    }

    /// The encodings of all points whose order divides 8, with those that give a 0 a sign.
    const LOW_ORDER: [&str; 10] = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];

    #[test]
    fn points_of_small_order_are_no_keys() {
        for text in LOW_ORDER {
            let bytes = secret_from_hex(text).expect("64 digits");
            let refused = TokenKey::ed25519(None, &bytes).map(|key| key.algorithm());
            assert_eq!(refused, Err(KeyError::LowOrder), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_reason() {
        let reason = |made: Result<TokenKey, KeyError>| made.map(|key| key.algorithm());
        assert_eq!(
            reason(TokenKey::hs256(None, &[1; 31])),
            Err(KeyError::SecretTooShort)
        );
        assert_eq!(
            reason(TokenKey::hs256(Some(""), &[1; 32])),
            Err(KeyError::Id)
        );
        assert_eq!(
            reason(TokenKey::hs256(Some(&"k".repeat(129)), &[1; 32])),
            Err(KeyError::Id)
        );
        assert_eq!(
            reason(TokenKey::ed25519(None, &[1; 31])),
            Err(KeyError::Encoding)
        );
        assert_eq!(
            reason(TokenKey::ed25519(None, &[2; 32])),
            Err(KeyError::NotOnCurve)
        );
        assert_eq!(
            reason(TokenKey::es256(None, &[4; 65])),
            Err(KeyError::NotOnCurve)
        );
        for point in [&[5; 65][..], &[0; 65], &[0], &[], &[2; 33]] {
            assert_eq!(
                reason(TokenKey::es256(None, point)),
                Err(KeyError::Encoding)
            );
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = TokenKey::hs256(Some("a"), &[0x41; 32]).expect("a key");
        let text = format!("{key:?}");
        assert_eq!(text, "TokenKey { id: Some(\"a\"), algorithm: Hs256, .. }");
    }
}
