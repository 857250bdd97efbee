//! `Signal`: reserved for things that are never stored (typing, calls, wake). Version 1 answers `Unsupported`.

use super::codec::{encode, id, root};
use crate::UserId;
use crate::frame::{FrameError, FrameKind};
use crate::generated::ringpost::wire as generated;
use crate::limits::SIGNAL_BYTES_MAX;

/// Something for another user that is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal<'a> {
    /// The user whom it is for.
    pub target: UserId,
    /// Worthless after this time, in milliseconds.
    pub ttl_ms: u32,
    /// At most 4,096 bytes.
    pub payload: &'a [u8],
}

impl<'a> Signal<'a> {
    /// Appends the frame. The payload must keep its limit, else the peer refuses the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let payload = &self.payload[..self.payload.len().min(SIGNAL_BYTES_MAX + 1)];
        encode(FrameKind::Signal, out, |builder| {
            let args = generated::SignalArgs {
                target: Some(&id(self.target.0)),
                ttl_ms: self.ttl_ms,
                payload: Some(builder.create_vector(payload)),
            };
            generated::Signal::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Signal<'a>>(frame, FrameKind::Signal)?;
        if table.payload().len() > SIGNAL_BYTES_MAX {
            return Err(FrameError::Malformed { what: "payload" });
        }
        Ok(Self {
            target: UserId(table.target().0),
            ttl_ms: table.ttl_ms(),
            payload: table.payload().bytes(),
        })
    }
}
