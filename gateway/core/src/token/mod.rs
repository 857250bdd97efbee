//! Session tokens: JWTs signed with HS256, checked without any state but the configured keys.

mod claims;
mod issue;
mod verify;

pub use issue::NewToken;
pub use verify::{TokenError, TokenHolder, TokenVerifier};
