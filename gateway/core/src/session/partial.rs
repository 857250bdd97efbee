//! Frames that have not arrived whole: their bytes so far, and the pool that bounds all of a worker together.
//!
//! Whole frames are handled where they were received and never come here.

use crate::limits::{PARTIAL_BYTES_MAX, PARTIAL_FRAMES_MAX};

/// The beginning of a frame.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) bytes: Vec<u8>,
    /// When its first byte came, in ticks (milliseconds).
    pub(crate) since_ms: u64,
}

/// What all partial frames of a worker hold together.
#[derive(Debug, Default)]
pub(crate) struct PartialPool {
    frames: usize,
    bytes: usize,
}

impl PartialPool {
    /// Begins a frame with its first bytes; `None` when the pool is full.
    pub(crate) fn begin(&mut self, first: &[u8], now_ms: u64) -> Option<Box<Partial>> {
        if self.frames >= PARTIAL_FRAMES_MAX || self.bytes + first.len() > PARTIAL_BYTES_MAX {
            return None;
        }
        self.frames += 1;
        self.bytes += first.len();
        Some(Box::new(Partial {
            bytes: first.to_vec(),
            since_ms: now_ms,
        }))
    }

    /// Adds bytes; `false` when the pool is full.
    pub(crate) fn extend(&mut self, partial: &mut Partial, more: &[u8]) -> bool {
        if self.bytes + more.len() > PARTIAL_BYTES_MAX {
            return false;
        }
        self.bytes += more.len();
        partial.bytes.extend_from_slice(more);
        true
    }

    /// Gives back a frame's room.
    pub(crate) fn end(&mut self, partial: &Partial) {
        assert!(
            self.frames > 0 && self.bytes >= partial.bytes.len(),
            "each partial frame is given back once"
        );
        self.frames -= 1;
        self.bytes -= partial.bytes.len();
    }

    /// Number of partial frames.
    pub(crate) fn frames(&self) -> usize {
        self.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_is_bounded_and_given_back() {
        let mut pool = PartialPool::default();
        let mut partials: Vec<_> = (0..PARTIAL_FRAMES_MAX)
            .map(|_| pool.begin(&[1, 2], 0).expect("below the limit"))
            .collect();
        assert!(pool.begin(&[1], 0).is_none());
        let room = PARTIAL_BYTES_MAX - 2 * PARTIAL_FRAMES_MAX;
        assert!(!pool.extend(&mut partials[0], &vec![0; room + 1]));
        assert!(pool.extend(&mut partials[0], &vec![0; room]));
        for partial in &partials {
            pool.end(partial);
        }
        assert_eq!((pool.frames(), pool.bytes), (0, 0));
    }
}
