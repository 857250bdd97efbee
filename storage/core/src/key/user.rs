//! `12 user`: a registered user.

use ringpost_wire::UserId;

use super::family::{Family, user_at};
use crate::store::Key;

/// The key of a user.
pub fn encode(user: UserId) -> Key {
    Family::User.key(&[&user.0])
}

/// The user of a user's key; `None` for another key.
pub fn decode(key: &Key) -> Option<UserId> {
    let parts = Family::User.parts(key, 16)?;
    Some(user_at(parts, 0))
}
