//! A frame on its way out: small ones inline, shared ones by reference, so that neither needs an allocation a session.

use bytes::Bytes;

/// Bytes that fit inline: the largest small hot frame is a `Receipt`.
pub const INLINE_BYTES_MAX: usize = 56;

const _: () = assert!(ringpost_wire::Receipt::FRAME_BYTES <= INLINE_BYTES_MAX);
const _: () = assert!(ringpost_wire::Sent::FRAME_BYTES <= INLINE_BYTES_MAX);

/// A whole frame.
#[derive(Clone)]
pub struct Outgoing(Form);

#[derive(Clone)]
enum Form {
    Inline {
        length: u8,
        bytes: [u8; INLINE_BYTES_MAX],
    },
    Shared(Bytes),
}

impl Outgoing {
    /// A copy of `frame`.
    pub fn copied(frame: &[u8]) -> Self {
        if frame.len() > INLINE_BYTES_MAX {
            return Self(Form::Shared(Bytes::copy_from_slice(frame)));
        }
        let mut bytes = [0; INLINE_BYTES_MAX];
        bytes[..frame.len()].copy_from_slice(frame);
        Self(Form::Inline {
            length: frame.len() as u8,
            bytes,
        })
    }

    /// A reference to `frame`, which many may share.
    pub fn shared(frame: Bytes) -> Self {
        Self(Form::Shared(frame))
    }

    /// The frame's bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Form::Inline { length, bytes } => &bytes[..usize::from(*length)],
            Form::Shared(bytes) => bytes,
        }
    }

    /// The frame as a reference-counted buffer; copies a small one.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Form::Inline { length, bytes } => Bytes::copy_from_slice(&bytes[..usize::from(length)]),
            Form::Shared(bytes) => bytes,
        }
    }
}

impl core::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Outgoing({} bytes)", self.as_slice().len())
    }
}
