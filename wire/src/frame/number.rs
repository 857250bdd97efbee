//! The range of sequence numbers: what a peer says is at most `SEQ_MAX`, so that one more never overflows.

use super::FrameError;
use crate::Seq;
use crate::limits::SEQ_MAX;

/// `value`, a position in a chat: 0 is before the first message.
pub(crate) fn seq(value: Seq, what: &'static str) -> Result<Seq, FrameError> {
    if value > SEQ_MAX {
        return Err(FrameError::Malformed { what });
    }
    Ok(value)
}

/// `value`, the number of a message: 1 or more.
pub(crate) fn seq_of_message(value: Seq, what: &'static str) -> Result<Seq, FrameError> {
    if value == 0 {
        return Err(FrameError::Malformed { what });
    }
    seq(value, what)
}
