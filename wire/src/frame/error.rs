//! Why bytes are not a frame of this protocol, and the error code that a peer is told.

use crate::ErrorCode;

/// Why bytes were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A declared length over `limits::FRAME_BYTES_MAX`.
    TooLarge {
        /// The declared length, in bytes.
        frame_bytes: u32,
    },
    /// A kind that this version does not know.
    UnknownKind {
        /// The kind's number.
        kind: u8,
    },
    /// A kind that this peer does not send.
    WrongDirection {
        /// The kind's number.
        kind: u8,
    },
    /// A field breaks the format; the text names it.
    Malformed {
        /// The field and what is wrong with it.
        what: &'static str,
    },
    /// The payload or its slices are outside the limits.
    PayloadTooLarge,
}

impl FrameError {
    /// The code that the peer is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } => ErrorCode::FrameTooLarge,
            Self::UnknownKind { .. } => ErrorCode::UnknownKind,
            Self::WrongDirection { .. } => ErrorCode::UnexpectedFrame,
            Self::Malformed { .. } => ErrorCode::MalformedFrame,
            Self::PayloadTooLarge => ErrorCode::PayloadTooLarge,
        }
    }
}

impl core::fmt::Display for FrameError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLarge { frame_bytes } => {
                write!(f, "a frame of {frame_bytes} bytes is over the limit")
            }
            Self::UnknownKind { kind } => write!(f, "unknown frame kind {kind}"),
            Self::WrongDirection { kind } => {
                write!(f, "frame kind {kind} is not sent by this peer")
            }
            Self::Malformed { what } => write!(f, "malformed frame: {what}"),
            Self::PayloadTooLarge => write!(f, "the payload is over the limit"),
        }
    }
}

impl core::error::Error for FrameError {}
