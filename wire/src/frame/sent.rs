//! `Sent`: the answer to a stored `Send`. 48 bytes: prefix, chat @8, client_seq @24, seq @32, time_ms @40.

use super::integer::{id_at, u64_at};
use super::{FrameError, FrameKind, begin, header_alone, seq_of_message};
use crate::{ChatId, Seq};

/// A message is durable and has its place in its chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The chat.
    pub chat: ChatId,
    /// The number that the client gave the send.
    pub client_seq: u64,
    /// The message's number in the chat.
    pub seq: Seq,
    /// The server's time of the message, in milliseconds since 1970.
    pub time_ms: u64,
}

impl Sent {
    /// Bytes of the frame.
    pub const FRAME_BYTES: usize = 48;

    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        begin(FrameKind::Sent, Self::FRAME_BYTES, out);
        out.extend_from_slice(&self.chat.0);
        out.extend_from_slice(&self.client_seq.to_le_bytes());
        out.extend_from_slice(&self.seq.to_le_bytes());
        out.extend_from_slice(&self.time_ms.to_le_bytes());
    }

    pub(super) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let header = header_alone(frame, FrameKind::Sent)?;
        Ok(Self {
            chat: ChatId(id_at(header, 8)),
            client_seq: u64_at(header, 24),
            seq: seq_of_message(u64_at(header, 32), "seq")?,
            time_ms: u64_at(header, 40),
        })
    }
}
