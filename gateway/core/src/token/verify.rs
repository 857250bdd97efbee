//! Verifies a session token: from its text and the wall clock to the device that it names, or the reason against it.
//!
//! The signature is compared in constant time, and no claim is read before it has been verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringpost_wire::limits::TOKEN_BYTES_MAX;
use ringpost_wire::{DeviceAddress, ErrorCode};

use super::algorithm::Algorithm;
use super::claims::{Claims, Header};
use super::key::TokenKey;
use super::key_set::KeySet;
use super::rules::TokenRules;

/// Whom a valid token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHolder {
    /// The user and device.
    pub device: DeviceAddress,
    /// When the token was issued, in milliseconds since 1970.
    pub issued_ms: u64,
    /// End of the token's validity with the leeway, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not three parts of base64url with JSON inside.
    Malformed,
    /// The header's algorithm is not the key's.
    Algorithm,
    /// The header names a key that is not configured, or none where one must be named.
    KeyUnknown,
    /// The signature does not verify.
    Signature,
    /// A claim is missing, has another type, or is outside its limits; or the token is valid for too long.
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

    /// Whether nobody can have issued the token. A good signature says otherwise, and a key that is not known may be one that was
    /// changed while the device was away; it costs no verification either.
    pub fn is_forged(self) -> bool {
        matches!(self, Self::Malformed | Self::Algorithm | Self::Signature)
    }
}

/// The keys and rules that tokens are checked against.
#[derive(Clone, Debug, Default)]
pub struct TokenVerifier {
    keys: KeySet,
    rules: TokenRules,
}

impl TokenVerifier {
    /// A verifier for `keys` and `rules`.
    pub fn new(keys: KeySet, rules: TokenRules) -> Self {
        Self { keys, rules }
    }

    /// A verifier for one key, under the default rules.
    pub fn of_key(key: TokenKey) -> Self {
        let keys = KeySet::of_key(key);
        Self::new(keys, TokenRules::default())
    }

    /// Checks `token` at the wall clock `clock_ms`.
    ///
    /// # Errors
    /// The first reason against it, in the order: form, key, algorithm, signature, claims, time.
    pub fn verify(&self, token: &str, clock_ms: u64) -> Result<TokenHolder, TokenError> {
        self.read(token)?.verify(clock_ms)
    }

    /// Takes `token` apart and finds its key, which costs next to nothing beside the signature.
    ///
    /// # Errors
    /// The first reason against it: form, key, algorithm.
    pub(crate) fn read<'a>(&'a self, token: &'a str) -> Result<SignedToken<'a>, TokenError> {
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
        let key = self.keys.find(header.kid.as_deref());
        let key = key.ok_or(TokenError::KeyUnknown)?;
        if Algorithm::from_name(&header.alg) != Some(key.algorithm()) {
            return Err(TokenError::Algorithm);
        }
        Ok(SignedToken {
            key,
            rules: &self.rules,
            signed,
            body,
            signature,
        })
    }
}

/// A token whose form is right and whose key is known; nothing that it says has been verified.
pub(crate) struct SignedToken<'a> {
    key: &'a TokenKey,
    rules: &'a TokenRules,
    signed: &'a str,
    body: &'a str,
    signature: Vec<u8>,
}

impl SignedToken<'_> {
    /// How it is signed.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// Checks signature and claims at the wall clock `clock_ms`.
    ///
    /// # Errors
    /// The first reason against it: signature, claims, time.
    pub(crate) fn verify(&self, clock_ms: u64) -> Result<TokenHolder, TokenError> {
        if !self.key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(TokenError::Signature);
        }
        let body = decode(self.body)?;
        let claims: Claims =
            serde_json::from_slice(&body).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => TokenError::Claims,
                _ => TokenError::Malformed,
            })?;
        claims.check(self.rules, clock_ms)
    }
}

/// Only the one canonical encoding decodes: no padding, no other characters, no bits left over.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
