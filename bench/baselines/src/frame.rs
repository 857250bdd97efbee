//! The frame that goes round: a `Send` of 128 bytes, and the cut of a stream behind its last whole frame. Pure.

use ringpost_wire::{ChatId, ContentClass, FrameError, NewMessage, Split, encode_send, split};

/// Bytes of the frame.
pub(crate) const FRAME_BYTES: usize = 128;

/// Bytes that a server reads at once from one connection, and keeps for it.
pub(crate) const READ_BYTES: usize = 4096;

const PAYLOAD: [u8; 40] = *b"a short text, encrypted, as it is often.";

/// Where `client_seq` stands in the header.
const CLIENT_SEQ_AT: usize = 56;

/// The first frame of a connection; the others differ in their number.
pub(crate) fn first_of(connection: u64) -> [u8; FRAME_BYTES] {
    let mut chat = [0; 16];
    chat[..8].copy_from_slice(&connection.to_le_bytes());
    let message = NewMessage {
        chat: ChatId(chat),
        client_seq: 1,
        message_id: connection,
        device_epoch: 0,
        content_class: ContentClass::Visible,
        unanswered: 0,
        payload: &PAYLOAD,
        slices: &[],
    };
    let mut bytes = Vec::with_capacity(FRAME_BYTES);
    encode_send(&message, &mut bytes).expect("every field is in bounds");
    bytes
        .try_into()
        .expect("88 bytes of header and 40 of payload")
}

/// Numbers a frame, from 0.
pub(crate) fn set_number(frame: &mut [u8; FRAME_BYTES], number: u64) {
    frame[CLIENT_SEQ_AT..CLIENT_SEQ_AT + 8].copy_from_slice(&(number + 1).to_le_bytes());
}

/// Bytes of the whole frames at the head of `stream`.
pub(crate) fn whole_bytes(stream: &[u8]) -> Result<usize, FrameError> {
    let mut left = stream;
    while let Split::Frame { rest, .. } = split(left)? {
        left = rest;
    }
    Ok(stream.len() - left.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringpost_wire::MessageView;

    #[test]
    fn a_frame_is_valid_whatever_its_number() {
        let mut frame = first_of(7);
        set_number(&mut frame, 41);
        let message = MessageView::of_send(&frame).unwrap();
        assert_eq!(message.client_seq(), 42);
        assert_ne!(frame, first_of(7));
        assert_ne!(first_of(7), first_of(8));
    }

    #[test]
    fn a_stream_is_cut_behind_its_last_whole_frame() {
        let stream = first_of(1).repeat(3);
        for (bytes, whole) in [(0, 0), (5, 0), (127, 0), (128, 128), (383, 256), (384, 384)] {
            assert_eq!(whole_bytes(&stream[..bytes]), Ok(whole), "{bytes}");
        }
        let mut wrong = stream;
        wrong[128 + 4] = 255;
        assert!(whole_bytes(&wrong).is_err());
    }
}
