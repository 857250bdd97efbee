//! Frames that say no: a failed request or session, and a refused send.

use super::codec::{clipped, encode, id, root, text};
use crate::frame::{FrameError, FrameKind};
use crate::generated::ringpost::wire as generated;
use crate::{ChatId, ErrorCode};

/// A request failed, or the connection is about to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Why.
    pub code: ErrorCode,
    /// The request's number; 0 where it concerns the connection.
    pub request: u32,
    /// The server closes the connection after this frame.
    pub fatal: bool,
    /// Wait so long before another try, in milliseconds; 0 for no advice.
    pub retry_after_ms: u32,
    /// For a person who reads a log; may be empty.
    pub detail: &'a str,
}

/// A send was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The chat.
    pub chat: ChatId,
    /// The number that the client gave the send.
    pub client_seq: u64,
    /// Why.
    pub code: ErrorCode,
    /// For `SequenceReused` and `Gap`: the next number that the server takes; else 0.
    pub expected: u64,
    /// For refusals for load: wait so long, in milliseconds; else 0.
    pub retry_after_ms: u32,
    /// For `DevicesChanged`: the current version of the device list; else 0.
    pub device_epoch: u32,
}

fn code(code: u16) -> Result<ErrorCode, FrameError> {
    ErrorCode::from_wire(code).ok_or(FrameError::Malformed { what: "code" })
}

impl<'a> Failure<'a> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Failure, out, |builder| {
            let args = generated::FailureArgs {
                code: self.code as u16,
                request: self.request,
                fatal: self.fatal,
                retry_after_ms: self.retry_after_ms,
                detail: Some(builder.create_string(clipped(self.detail))),
            };
            generated::Failure::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Failure<'a>>(frame, FrameKind::Failure)?;
        Ok(Self {
            code: code(table.code())?,
            request: table.request(),
            fatal: table.fatal(),
            retry_after_ms: table.retry_after_ms(),
            detail: text(table.detail())?,
        })
    }
}

impl Refused {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Refused, out, |builder| {
            let args = generated::RefusedArgs {
                chat: Some(&id(self.chat.0)),
                client_seq: self.client_seq,
                code: self.code as u16,
                expected: self.expected,
                retry_after_ms: self.retry_after_ms,
                device_epoch: self.device_epoch,
            };
            generated::Refused::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Refused<'_>>(frame, FrameKind::Refused)?;
        Ok(Self {
            chat: ChatId(table.chat().0),
            client_seq: table.client_seq(),
            code: code(table.code())?,
            expected: table.expected(),
            retry_after_ms: table.retry_after_ms(),
            device_epoch: table.device_epoch(),
        })
    }
}
