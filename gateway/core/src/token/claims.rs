//! The claims of a session token, as JSON (RFC 7519), and their limits.

use ringpost_wire::limits::{CLOCK_MS_MAX, SUBJECT_BYTES_MAX};
use ringpost_wire::{DeviceAddress, UserId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::rules::{TokenRules, milliseconds};
use super::{TokenError, TokenHolder};

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
        rules: &TokenRules,
        clock_ms: u64,
    ) -> Result<TokenHolder, TokenError> {
        if !self.aud.names(&rules.audience) {
            return Err(TokenError::Audience);
        }
        if rules.issuer.is_some() && rules.issuer != self.iss {
            return Err(TokenError::Issuer);
        }
        let is_subject = (1..=SUBJECT_BYTES_MAX).contains(&self.sub.len());
        if !is_subject || self.did == 0 || self.exp < self.iat {
            return Err(TokenError::Claims);
        }
        let life_ms = milliseconds(self.exp) - milliseconds(self.iat);
        if rules.life_ms_max.is_some_and(|most_ms| life_ms > most_ms) {
            return Err(TokenError::Claims);
        }
        let valid_from = self
            .nbf
            .map_or(self.iat, |not_before| not_before.max(self.iat));
        if milliseconds(valid_from) > clock_ms.saturating_add(rules.leeway_ms()) {
            return Err(TokenError::NotYetValid);
        }
        let expires_ms = (milliseconds(self.exp) + rules.leeway_ms()).min(CLOCK_MS_MAX);
        if expires_ms <= clock_ms {
            return Err(TokenError::Expired);
        }
        let device = DeviceAddress {
            user: UserId::from_subject(&self.sub),
            device: self.did,
        };
        Ok(TokenHolder {
            device,
            issued_ms: milliseconds(self.iat),
            expires_ms,
        })
    }
}
