//! What the server writes into a `Send` to make it the `Deliver` that is stored and handed out.

use super::FrameKind;
use super::message::{MESSAGE_HEADER_BYTES, MessageView};
use crate::limits::SEQ_MAX;
use crate::{DeviceAddress, Seq};

/// The fields that the client may not choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The authenticated sender.
    pub sender: DeviceAddress,
    /// The message's number in its chat.
    pub seq: Seq,
    /// The server's time, in milliseconds since 1970.
    pub time_ms: u64,
    /// The sender's number for the message: the client's own, or the server's where the client sent 0.
    pub client_seq: u64,
}

/// Appends `message` as a `Deliver` with `stamp` filled in: the one copy of a message's bytes.
///
/// Panics when the stamp's `seq` is not a message's number: it comes from the sequencer.
pub fn encode_stamped(message: &MessageView<'_>, stamp: &Stamp, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(message.frame());
    stamp_in_place(&mut out[start..], stamp);
}

/// Makes the copy of a verified `Send` that fills `frame` a `Deliver`, with `stamp` filled in.
///
/// Panics when the stamp's `seq` is not a message's number, or when `frame` is shorter than a header.
pub fn stamp_in_place(frame: &mut [u8], stamp: &Stamp) {
    assert!(
        (1..=SEQ_MAX).contains(&stamp.seq),
        "the sequencer numbers from 1"
    );
    let header = &mut frame[..MESSAGE_HEADER_BYTES];
    header[4] = FrameKind::Deliver as u8;
    header[24..40].copy_from_slice(&stamp.sender.user.0);
    header[40..48].copy_from_slice(&stamp.seq.to_le_bytes());
    header[48..56].copy_from_slice(&stamp.time_ms.to_le_bytes());
    header[56..64].copy_from_slice(&stamp.client_seq.to_le_bytes());
    header[72..76].copy_from_slice(&stamp.sender.device.to_le_bytes());
    header[87] = 0;
}
