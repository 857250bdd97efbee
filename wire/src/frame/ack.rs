//! `Ack`: cumulative acknowledgement of a chat by a device. 32 bytes: prefix, chat @8, seq @24.

use super::integer::{id_at, u64_at};
use super::{FrameError, FrameKind, begin, header_alone, seq};
use crate::{ChatId, Seq};

/// All messages of `chat` up to `seq` are kept by this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The chat.
    pub chat: ChatId,
    /// The last message kept.
    pub seq: Seq,
}

impl Ack {
    /// Bytes of the frame.
    pub const FRAME_BYTES: usize = 32;

    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        begin(FrameKind::Ack, Self::FRAME_BYTES, out);
        out.extend_from_slice(&self.chat.0);
        out.extend_from_slice(&self.seq.to_le_bytes());
    }

    pub(super) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let header = header_alone(frame, FrameKind::Ack)?;
        Ok(Self {
            chat: ChatId(id_at(header, 8)),
            seq: seq(u64_at(header, 24), "seq")?,
        })
    }
}
