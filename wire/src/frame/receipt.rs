//! `Receipt`: how far a member of a chat has got. 56 bytes: prefix, chat @8, user @24, delivered_to @40, read_to @48.
//!
//! It is a struct frame because the server sends one for nearly every message.

use super::integer::{id_at, u64_at};
use super::{FrameError, FrameKind, begin, header_alone, seq};
use crate::{ChatId, Seq, UserId};

/// The first device of `user` has everything up to `delivered_to`, and the user has read up to `read_to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The chat.
    pub chat: ChatId,
    /// The member.
    pub user: UserId,
    /// The last message delivered; 0 for none known.
    pub delivered_to: Seq,
    /// The last message read; 0 for none known.
    pub read_to: Seq,
}

impl Receipt {
    /// Bytes of the frame.
    pub const FRAME_BYTES: usize = 56;

    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        begin(FrameKind::Receipt, Self::FRAME_BYTES, out);
        out.extend_from_slice(&self.chat.0);
        out.extend_from_slice(&self.user.0);
        out.extend_from_slice(&self.delivered_to.to_le_bytes());
        out.extend_from_slice(&self.read_to.to_le_bytes());
    }

    pub(super) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let header = header_alone(frame, FrameKind::Receipt)?;
        Ok(Self {
            chat: ChatId(id_at(header, 8)),
            user: UserId(id_at(header, 24)),
            delivered_to: seq(u64_at(header, 40), "delivered_to")?,
            read_to: seq(u64_at(header, 48), "read_to")?,
        })
    }
}
