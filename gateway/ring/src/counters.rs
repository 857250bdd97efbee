//! `Counters`: what a reactor has done since it started. Plain numbers of one writer, copied by whoever reads them.

/// Totals since the reactor started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections established by `connect`.
    pub connected: u64,
    /// Sockets released, those of failed connects too.
    pub closed: u64,
    /// Bytes received from peers, those discarded while closing too.
    pub received_bytes: u64,
    /// Bytes taken by the kernel for sending.
    pub sent_bytes: u64,
    /// Completions of receives.
    pub receive_completions: u64,
    /// Completions of sends.
    pub send_completions: u64,
    /// Calls of io_uring_enter.
    pub submissions: u64,
    /// Receives that ended because no receive buffer was free.
    pub receive_buffer_exhausted: u64,
    /// Turns that found the completion queue overflowed into the kernel's own list.
    pub completion_overflow: u64,
    /// Sockets that fell back from a receive to a poll because nothing came.
    pub receives_idled: u64,
    /// Completions that belonged to no live operation.
    pub stale_completions: u64,
    /// Rings opened because the file tables before were full.
    pub rings_opened: u64,
    /// Further rings that the kernel refused, for want of files or memory; each attempt counts.
    pub rings_refused: u64,
    /// Accepts that failed for want of files or memory.
    pub accept_refused: u64,
    /// Writes refused for want of room.
    pub write_refused: u64,
}
