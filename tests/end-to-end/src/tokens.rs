//! Session tokens made with a node's secret, as a sign-in service would. Input: a data directory, a subject, a device.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ringpost_gateway_core::{NewToken, TokenSigner};

use crate::PlaceError;

/// A token lives longer than any run.
const LIFE_S: u64 = 86_400;

/// The maker of a node's tokens.
#[derive(Clone)]
pub struct Tokens {
    signer: TokenSigner,
    /// How long before and after now its tokens hold, in seconds.
    holds_s: (u64, u64),
}

impl Tokens {
    /// Reads the secret in a data directory.
    ///
    /// # Errors
    /// It is missing, or is not what a node writes.
    pub fn of(data: &Path) -> Result<Self, PlaceError> {
        let path = data.join("token.secret");
        let text =
            std::fs::read_to_string(&path).map_err(|source| PlaceError::Unreadable { source })?;
        TokenSigner::from_hex(text.trim())
            .map(Self::by)
            .ok_or(PlaceError::NoSecret)
    }

    /// A maker with a secret of the test's own.
    pub fn with_secret(secret: Vec<u8>) -> Self {
        Self::by(TokenSigner::hs256(None, &secret))
    }

    fn by(signer: TokenSigner) -> Self {
        Self {
            signer,
            holds_s: (0, LIFE_S),
        }
    }

    /// Tokens that hold so long before and after now, in seconds: for a node whose clock is wrong.
    pub fn holding(self, before_s: u64, after_s: u64) -> Self {
        Self {
            holds_s: (before_s, after_s),
            ..self
        }
    }

    /// A valid token.
    pub fn make(&self, subject: &str, device: u32) -> String {
        let now_s = now_s();
        let (before_s, after_s) = self.holds_s;
        self.make_for(subject, device, (now_s - before_s, now_s + after_s))
    }

    /// A token that is made and ends at the given times, in seconds since 1970.
    pub fn make_for(&self, subject: &str, device: u32, (from_s, to_s): (u64, u64)) -> String {
        NewToken {
            subject,
            device,
            issued_at_s: from_s,
            expires_at_s: to_s,
        }
        .sign(&self.signer)
        .expect("a secret always signs")
    }
}

/// Seconds since 1970.
pub fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
