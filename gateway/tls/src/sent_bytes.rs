//! From bytes that a socket took to bytes of plaintext: which part of what was written has left.
//!
//! Invariant: what is reported never exceeds what was written, and equals it once all has left. In between it is exact to one
//! entry of at most `SENT_ENTRY_BYTES` beyond the write that begins it. Holds no memory while nothing waits.

use std::collections::VecDeque;

use crate::limits::SENT_ENTRY_BYTES;

/// What waits for one socket.
#[derive(Debug, Default)]
pub struct SentBytes {
    waiting: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    ciphertext: u32,
    plaintext: u32,
    /// Of `ciphertext`, what has left.
    sent: u32,
    /// Of `plaintext`, what was reported.
    reported: u32,
}

impl SentBytes {
    /// `ciphertext` bytes were handed to the socket, which carry `plaintext` bytes.
    pub fn written(&mut self, ciphertext: usize, plaintext: usize) {
        let (ciphertext, plaintext) = (ciphertext as u32, plaintext as u32);
        match self.waiting.back_mut() {
            Some(last) if last.ciphertext < SENT_ENTRY_BYTES => {
                last.ciphertext += ciphertext;
                last.plaintext += plaintext;
            }
            _ => self.waiting.push_back(Entry {
                ciphertext,
                plaintext,
                sent: 0,
                reported: 0,
            }),
        }
    }

    /// The socket took `ciphertext` more bytes: how many of plaintext that is since the last call.
    pub fn sent(&mut self, mut ciphertext: usize) -> usize {
        let mut plaintext = 0;
        while let Some(first) = self.waiting.front_mut() {
            let part = ciphertext.min((first.ciphertext - first.sent) as usize);
            ciphertext -= part;
            first.sent += part as u32;
            if first.sent == first.ciphertext {
                plaintext += (first.plaintext - first.reported) as usize;
                self.waiting.pop_front();
                continue;
            }
            let whole = u64::from(first.plaintext) * u64::from(first.sent);
            let share = (whole / u64::from(first.ciphertext)) as u32;
            let more = share.saturating_sub(first.reported);
            first.reported += more;
            return plaintext + more as usize;
        }
        self.waiting = VecDeque::new();
        plaintext
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_handshake_carries_no_plaintext() {
        let mut bytes = SentBytes::default();
        bytes.written(900, 0);
        assert_eq!(bytes.sent(900), 0);
        bytes.written(122, 100);
        assert_eq!(bytes.sent(61), 50);
        assert_eq!(bytes.sent(61), 50);
        assert_eq!(bytes.waiting.capacity(), 0);
    }

    proptest! {
        #[test]
        fn all_is_reported_once_and_never_early(
            writes in proptest::collection::vec((1usize..9_000, 0usize..40), 1..60),
            pieces in proptest::collection::vec(1usize..20_000, 1..200),
        ) {
            let mut bytes = SentBytes::default();
            let (mut ciphertext, mut plaintext) = (0, 0);
            for (payload, overhead) in &writes {
                bytes.written(payload + overhead, *payload);
                ciphertext += payload + overhead;
                plaintext += payload;
            }
            let mut reported = 0;
            for piece in pieces.into_iter().chain([usize::MAX]) {
                let piece = piece.min(ciphertext);
                ciphertext -= piece;
                reported += bytes.sent(piece);
                prop_assert!(reported <= plaintext);
            }
            prop_assert_eq!(reported, plaintext);
            prop_assert_eq!(bytes.sent(0), 0);
        }
    }
}
