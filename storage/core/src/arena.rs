//! The bytes of a batch's rows: large chunks, filled in order, handed out as slices that share them.
//!
//! Invariant: bytes that were handed out are never written again. A slice keeps its whole chunk (64 KiB, or one larger row)
//! in memory: whoever holds rows for long copies them.

use bytes::{Bytes, BytesMut};

/// Bytes of a chunk.
const CHUNK_BYTES: usize = 64 * 1024;

/// The arena of one batch.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    chunk: BytesMut,
}

impl Arena {
    /// What `fill` appends, at most `bytes_max` bytes where no new chunk is to be made on the way.
    pub(crate) fn write(&mut self, bytes_max: usize, fill: impl FnOnce(&mut BytesMut)) -> Bytes {
        if self.chunk.capacity() - self.chunk.len() < bytes_max {
            self.chunk = BytesMut::with_capacity(CHUNK_BYTES.max(bytes_max));
        }
        fill(&mut self.chunk);
        self.chunk.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_out_stays() {
        let mut arena = Arena::default();
        let mut handed_out = Vec::new();
        for value in 0..2000_u32 {
            let size = (value as usize * 37) % 300;
            let bytes = vec![value as u8; size];
            handed_out.push((
                bytes.clone(),
                arena.write(size, |out| out.extend_from_slice(&bytes)),
            ));
        }
        let large = arena.write(CHUNK_BYTES * 2, |out| out.resize(CHUNK_BYTES * 2, 9));
        assert_eq!(large.len(), CHUNK_BYTES * 2);
        for (expected, got) in handed_out {
            assert_eq!(got, expected);
        }
    }
}
