//! The claims of a session token, as JSON (RFC 7519), and their limits.

use ringpost_wire::limits::{CLOCK_MS_MAX, SUBJECT_BYTES_MAX};
use ringpost_wire::{DeviceAddress, UserId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{TokenError, TokenHolder};
use crate::limits::CLOCK_SKEW_MS;

const AUDIENCE: &str = "ringpost";

/// The header of a JWT.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    /// Extensions that a verifier must understand (RFC 7515, 4.1.11); none is known here.
    pub(super) crit: Option<IgnoredAny>,
}

/// The body of a session token. Further claims are ignored.
#[derive(Deserialize)]
pub(super) struct Claims {
    sub: String,
    did: u32,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    aud: Audience,
    iss: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(name) => name == audience,
            Self::Many(names) => names.iter().any(|name| name == audience),
        }
    }
}

impl Claims {
    /// Checks every claim at the wall clock `clock_ms`.
    pub(super) fn check(
        &self,
        issuer: Option<&str>,
        clock_ms: u64,
    ) -> Result<TokenHolder, TokenError> {
        if !self.aud.names(AUDIENCE) {
            return Err(TokenError::Audience);
        }
        if issuer.is_some() && issuer != self.iss.as_deref() {
            return Err(TokenError::Issuer);
        }
        let is_subject = (1..=SUBJECT_BYTES_MAX).contains(&self.sub.len());
        if !is_subject || self.did == 0 || self.exp < self.iat {
            return Err(TokenError::Claims);
        }
        let valid_from = self
            .nbf
            .map_or(self.iat, |not_before| not_before.max(self.iat));
        if milliseconds(valid_from) > clock_ms.saturating_add(CLOCK_SKEW_MS) {
            return Err(TokenError::NotYetValid);
        }
        let expires_ms = milliseconds(self.exp);
        if expires_ms <= clock_ms {
            return Err(TokenError::Expired);
        }
        let device = DeviceAddress {
            user: UserId::from_subject(&self.sub),
            device: self.did,
        };
        Ok(TokenHolder { device, expires_ms })
    }
}

fn milliseconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000).min(CLOCK_MS_MAX)
}
