//! Cuts the stream of bytes from a server into whole frames. Holds at most one incomplete frame.

use ringpost_wire::{FrameError, FrameKind, Split, split};

/// The bytes received and not yet taken as frames.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    taken: usize,
}

impl Frames {
    /// Adds bytes as they came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next whole frame.
    ///
    /// # Errors
    /// The stream cannot be followed any further.
    pub(crate) fn next(&mut self) -> Result<Option<(FrameKind, Vec<u8>)>, FrameError> {
        match split(&self.bytes[self.taken..])? {
            Split::More { .. } => Ok(None),
            Split::Frame { kind, frame, .. } => {
                let frame = frame.to_vec();
                self.taken += frame.len();
                Ok(Some((kind, frame)))
            }
        }
    }

    /// Forgets everything: the connection is over.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringpost_wire::{Ack, ChatId};

    #[test]
    fn frames_come_out_whole_however_the_bytes_come_in() {
        let mut stream = Vec::new();
        for seq in 1..=3 {
            let chat = ChatId([1; 16]);
            Ack { chat, seq }.encode(&mut stream);
        }
        for chunk in [1, 7, 33, 96] {
            let mut frames = Frames::default();
            let mut whole = Vec::new();
            for bytes in stream.chunks(chunk) {
                frames.push(bytes);
                while let Some((kind, frame)) = frames.next().unwrap() {
                    assert_eq!(kind, FrameKind::Ack);
                    whole.extend_from_slice(&frame);
                }
            }
            assert_eq!(whole, stream);
            assert!(frames.bytes.len() - frames.taken == 0);
        }
    }

    #[test]
    fn a_broken_prefix_is_an_error() {
        let mut frames = Frames::default();
        frames.push(&[255; 8]);
        assert!(frames.next().is_err());
    }
}
