//! `ReceiveBuffers`: the ring of provided buffers that all multishot receives of a reactor share.
//! The kernel takes a buffer from the ring, writes into it and names it in a completion; `hand_out` gives it back.
//! Invariant: a buffer is either the kernel's (in the ring) or ours (named by one completion, not yet handed out).

use std::io;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// The one group of provided buffers of a ring.
pub(crate) const GROUP: u16 = 0;

pub(crate) struct ReceiveBuffers {
    memory: Mapping,
    /// Where the buffers start: behind the ring's entries.
    buffers_offset: usize,
    buffer_bytes: u32,
    count: u16,
    tail: u16,
}

impl ReceiveBuffers {
    /// Maps the memory and registers it. `count` is a power of two; the kernel refuses others.
    ///
    /// # Safety
    ///
    /// The buffers must be dropped after the ring, or when no receive is in flight on it and none will be.
    pub(crate) unsafe fn new(io: &IoUring, count: u16, buffer_bytes: u32) -> io::Result<Self> {
        let buffers_offset = usize::from(count) * size_of::<BufRingEntry>();
        let memory = Mapping::new(buffers_offset + usize::from(count) * buffer_bytes as usize)?;
        let mut buffers = Self {
            memory,
            buffers_offset,
            buffer_bytes,
            count,
            tail: 0,
        };
        let ring_address = buffers.memory.start as u64;
        // SAFETY: the mapping is page-aligned, holds `count` entries, and by the caller's promise outlives the ring.
        unsafe {
            io.submitter()
                .register_buf_ring_with_flags(ring_address, count, GROUP, 0)?
        };
        for number in 0..count {
            buffers.give_back(number);
        }
        Ok(buffers)
    }

    /// Lets `look` see the first `bytes` of buffer `number`, and gives the buffer back to the kernel.
    ///
    /// # Safety
    ///
    /// A completion has named the buffer, and since then it was not given back.
    pub(crate) unsafe fn hand_out(&mut self, number: u16, bytes: usize, look: impl FnOnce(&[u8])) {
        assert!(number < self.count && bytes <= self.buffer_bytes as usize);
        // SAFETY: within the mapping by the assertion; the kernel does not write to a buffer that it handed over until it is given
        // back, which is after this borrow.
        look(unsafe { slice::from_raw_parts(self.start_of(number), bytes) });
        self.give_back(number);
    }

    /// Puts buffer `number`, which is ours, into the kernel's ring.
    fn give_back(&mut self, number: u16) {
        assert!(number < self.count);
        let address = self.start_of(number) as u64;
        let entries = self.memory.start.cast::<BufRingEntry>();
        let position = usize::from(self.tail & (self.count - 1));
        // SAFETY: the position is below `count`, so the entry is in the mapping, and the kernel reads no entry at or
        // beyond the tail that it was shown. Entries are plain integers, so zeroed memory is a valid one.
        let entry = unsafe { &mut *entries.add(position) };
        entry.set_addr(address);
        entry.set_len(self.buffer_bytes);
        entry.set_bid(number);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail lies in the first entry of the mapping, is aligned for u16, and is only accessed atomically.
        let shown = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(entries).cast_mut()) };
        shown.store(self.tail, Ordering::Release);
    }

    fn start_of(&self, number: u16) -> *mut u8 {
        let offset = self.buffers_offset + usize::from(number) * self.buffer_bytes as usize;
        self.memory.start.wrapping_add(offset)
    }
}

/// Zeroed, page-aligned memory of our own.
struct Mapping {
    start: *mut u8,
    bytes: usize,
}

impl Mapping {
    fn new(bytes: usize) -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new anonymous mapping touches no existing memory.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // A child would share the pages copy-on-write and the kernel could then write to the wrong copy.
        // SAFETY: the range is the mapping just made.
        let kept_from_children = unsafe { libc::madvise(start, bytes, libc::MADV_DONTFORK) };
        let mapping = Self {
            start: start.cast(),
            bytes,
        };
        if kept_from_children == 0 {
            Ok(mapping)
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new` and nothing borrows from it any more.
        unsafe { libc::munmap(self.start.cast(), self.bytes) };
    }
}
