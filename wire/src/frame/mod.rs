//! Frames: the prefix that all share, the hot kinds with a struct header, and the two unions that a peer decodes into.

mod ack;
mod error;
mod integer;
mod kind;
#[cfg(test)]
mod layout;
mod message;
mod number;
mod peer;
mod receipt;
mod sent;
mod slice;
mod split;
mod stamp;

pub use ack::Ack;
pub use error::FrameError;
pub use kind::FrameKind;
pub use message::{
    ContentClass, MESSAGE_HEADER_BYTES, MessageView, NewMessage, digest, encode_send,
};
pub use peer::{ClientFrame, ServerFrame};
pub use receipt::Receipt;
pub use sent::Sent;
pub use slice::{Slice, device_copy_bytes, write_device_copy};
pub use split::{Split, split};
pub use stamp::{Stamp, encode_stamped, stamp_in_place};

pub(crate) use number::{seq, seq_of_message};
pub(crate) use split::{begin, body, header_alone};
