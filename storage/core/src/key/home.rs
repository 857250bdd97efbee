//! Which shard's lane writes a row. Rows of a user that a chat causes are written by the home of the chat.

use ringpost_wire::{ChatId, ShardId, UserId};

use super::family::{Family, array_at};
use crate::store::Key;

/// The shard whose lane writes `key`; `None` for rows of no chat and no user and for keys of no family.
pub fn home(key: &Key) -> Option<ShardId> {
    let parts = key.as_slice().get(1..)?;
    let id_at = |offset: usize| (parts.len() >= offset + 16).then(|| array_at::<16>(parts, offset));
    match Family::of(key)? {
        Family::Head | Family::Message | Family::Member | Family::Window | Family::ReadCursor => {
            Some(ChatId(id_at(0)?).shard())
        }
        Family::Membership | Family::Pending => Some(ChatId(id_at(16)?).shard()),
        Family::User | Family::Device => Some(UserId(id_at(0)?).shard()),
        Family::Fence | Family::LaneRecord | Family::LaneTerm | Family::Import => None,
    }
}
