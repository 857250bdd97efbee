//! `SendPool`: send buffers in classes of 1, 4, 16 ... KiB, lent to sockets that have bytes to send and taken back when
//! they are drained. Bounded twice: by the bytes lent, and by the bytes kept for reuse.
//! Invariant: `lent_bytes` is the sum of the capacities of all buffers that sockets hold.

use std::mem;

use crate::limits::{SEND_BUFFER_BYTES_MIN, SEND_BUFFER_CLASSES, SEND_RESERVE_PART};

/// Bytes to send; holds no memory while empty.
#[derive(Default)]
pub(crate) struct SendBuffer {
    bytes: Vec<u8>,
}

impl SendBuffer {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends; the caller has made room with [`SendPool::reserve`].
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        assert!(self.bytes.capacity() - self.bytes.len() >= bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

pub(crate) struct SendPool {
    idle: [Vec<Vec<u8>>; SEND_BUFFER_CLASSES],
    idle_bytes: usize,
    idle_bytes_max: usize,
    lent_bytes: usize,
    lent_bytes_max: usize,
}

impl SendPool {
    pub(crate) fn new(lent_bytes_max: usize, idle_bytes_max: usize) -> Self {
        Self {
            idle: std::array::from_fn(|_| Vec::new()),
            idle_bytes: 0,
            idle_bytes_max,
            lent_bytes: 0,
            lent_bytes_max,
        }
    }

    /// Makes room for `more` bytes in `buffer`; false, and nothing changed, if the pool's limit forbids it.
    pub(crate) fn reserve(&mut self, buffer: &mut SendBuffer, more: usize) -> bool {
        let needed = buffer.len() + more;
        if needed <= buffer.capacity() {
            return true;
        }
        let Some(class) = class_for(needed) else {
            return false;
        };
        if self.lent_bytes - buffer.capacity() + class_bytes(class) > self.lent_bytes_max {
            return false;
        }
        let mut larger = self.take(class);
        larger.append(buffer.as_slice());
        self.give_back(mem::replace(buffer, larger));
        true
    }

    /// Takes a drained or abandoned buffer back.
    pub(crate) fn give_back(&mut self, buffer: SendBuffer) {
        let mut bytes = buffer.bytes;
        if bytes.capacity() == 0 {
            return;
        }
        self.lent_bytes -= bytes.capacity();
        if self.idle_bytes + bytes.capacity() > self.idle_bytes_max {
            return;
        }
        if let Some(class) = class_for(bytes.capacity()) {
            self.idle_bytes += bytes.capacity();
            bytes.clear();
            self.idle[class].push(bytes);
        }
    }

    #[cfg(test)]
    pub(crate) fn lent_bytes(&self) -> usize {
        self.lent_bytes
    }

    /// Bytes lent into the reserve, which is the last part of the limit.
    pub(crate) fn short_bytes(&self) -> usize {
        let reserve = self.lent_bytes_max / SEND_RESERVE_PART;
        self.lent_bytes
            .saturating_sub(self.lent_bytes_max - reserve)
    }

    fn take(&mut self, class: usize) -> SendBuffer {
        let bytes = match self.idle[class].pop() {
            Some(bytes) => {
                self.idle_bytes -= bytes.capacity();
                bytes
            }
            None => Vec::with_capacity(class_bytes(class)),
        };
        self.lent_bytes += bytes.capacity();
        SendBuffer { bytes }
    }
}

fn class_bytes(class: usize) -> usize {
    SEND_BUFFER_BYTES_MIN << (2 * class)
}

/// The smallest class that holds `bytes`.
fn class_for(bytes: usize) -> Option<usize> {
    (0..SEND_BUFFER_CLASSES).find(|&class| bytes <= class_bytes(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_buffer_keeps_its_bytes() {
        let mut pool = SendPool::new(1 << 20, 1 << 20);
        let mut buffer = SendBuffer::default();
        let mut expected = Vec::new();
        for round in 0..200u32 {
            let piece = [round as u8; 131];
            assert!(pool.reserve(&mut buffer, piece.len()));
            buffer.append(&piece);
            expected.extend_from_slice(&piece);
        }
        assert_eq!(buffer.as_slice(), expected);
        assert_eq!(pool.lent_bytes(), 64 * 1024);
        pool.give_back(buffer);
        assert_eq!(pool.lent_bytes(), 0);
    }

    #[test]
    fn the_limit_refuses_and_changes_nothing() {
        let mut pool = SendPool::new(5 * 1024, 0);
        let (mut first, mut second) = (SendBuffer::default(), SendBuffer::default());
        assert!(pool.reserve(&mut first, 2000));
        assert!(pool.reserve(&mut second, 1000));
        second.append(&[7; 1000]);
        assert!(!pool.reserve(&mut second, 1000));
        assert_eq!(second.as_slice(), [7; 1000]);
        pool.give_back(first);
        assert!(pool.reserve(&mut second, 1000));
    }

    #[test]
    fn what_is_lent_into_the_reserve_is_told() {
        let mut pool = SendPool::new(8 * 1024, 0);
        let mut buffers: [SendBuffer; 8] = std::array::from_fn(|_| SendBuffer::default());
        let short: Vec<usize> = buffers
            .iter_mut()
            .map(|buffer| {
                assert!(pool.reserve(buffer, 1));
                pool.short_bytes()
            })
            .collect();
        assert_eq!(short, [0, 0, 0, 0, 0, 0, 0, 1024]);
    }

    #[test]
    fn idle_buffers_are_reused_and_bounded() {
        let mut pool = SendPool::new(1 << 20, 1024);
        let (mut first, mut second) = (SendBuffer::default(), SendBuffer::default());
        assert!(pool.reserve(&mut first, 1) && pool.reserve(&mut second, 1));
        first.append(b"x");
        let address = first.as_slice().as_ptr();
        pool.give_back(first);
        pool.give_back(second);
        assert_eq!(pool.idle_bytes, 1024);
        let mut third = SendBuffer::default();
        assert!(pool.reserve(&mut third, 1));
        assert!(third.is_empty());
        third.append(b"y");
        assert_eq!(third.as_slice().as_ptr(), address);
        assert_eq!(pool.idle_bytes, 0);
    }
}
