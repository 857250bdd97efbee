//! Session tokens: JWTs, checked without any state but the configured keys and rules.

mod algorithm;
mod claims;
mod curve;
mod issue;
mod jwks;
mod key;
mod key_set;
mod pem;
mod publish;
mod rules;
mod signer;
mod verify;

pub use algorithm::Algorithm;
pub use issue::NewToken;
pub use jwks::{Jwks, JwksError, SkippedKey};
pub use key::{KeyError, TokenKey};
pub use key_set::{KeySet, KeySetError};
pub use rules::TokenRules;
pub use signer::{NoRandomness, RandomSource, TokenSigner};
pub use verify::{TokenError, TokenHolder, TokenVerifier};
