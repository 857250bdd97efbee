//! What a token's claims must say, beside what every token must.

use ringpost_wire::limits::CLOCK_MS_MAX;

use crate::limits::{TOKEN_LEEWAY_MS, TOKEN_LEEWAY_MS_MAX};

/// Rules for claims, as an operator sets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// What `aud` must be or hold.
    pub audience: String,
    /// What `iss` must be; `None` for anything.
    pub issuer: Option<String>,
    /// By how much the issuer's clock may differ from ours, in milliseconds; at most `limits::TOKEN_LEEWAY_MS_MAX` counts.
    pub leeway_ms: u64,
    /// Longest time from `iat` to `exp`, in milliseconds; `None` for any.
    pub life_ms_max: Option<u64>,
}

impl Default for TokenRules {
    /// The audience `ringpost`, any issuer, a minute of leeway, any life.
    fn default() -> Self {
        Self {
            audience: "ringpost".to_owned(),
            issuer: None,
            leeway_ms: TOKEN_LEEWAY_MS,
            life_ms_max: None,
        }
    }
}

impl TokenRules {
    /// The leeway that counts, in milliseconds.
    pub(super) fn leeway_ms(&self) -> u64 {
        self.leeway_ms.min(TOKEN_LEEWAY_MS_MAX)
    }
}

/// A claim's seconds since 1970 in milliseconds, at most the last moment of the protocol.
pub(super) fn milliseconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000).min(CLOCK_MS_MAX)
}
