//! `20 shard`: which lane holds a shard.

use ringpost_wire::ShardId;

use super::family::{Family, array_at};
use crate::store::Key;

/// The key of a shard's fence.
pub fn encode(shard: ShardId) -> Key {
    Family::Fence.key(&[&shard.0.to_be_bytes()])
}

/// The shard of a fence's key; `None` for another key.
pub fn decode(key: &Key) -> Option<ShardId> {
    let parts = Family::Fence.parts(key, 2)?;
    Some(ShardId(u16::from_be_bytes(array_at(parts, 0))))
}
