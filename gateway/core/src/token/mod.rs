//! Session tokens: JWTs signed with HS256, checked without any state but the configured keys.

mod claims;
mod verify;

pub use verify::{TokenError, TokenHolder, TokenVerifier};
