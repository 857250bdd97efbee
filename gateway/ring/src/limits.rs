//! The limits that are not configuration: table size, operations in flight, buffer classes, waiting times.
//! Past each of them the answer is named beside its constant.

use std::time::Duration;

/// Sockets of one reactor at most, and entries of one file table, of which the kernel takes no larger. More: `StartError`.
pub(crate) const SLOTS_MAX: u32 = 1 << 20;

/// Rings of one reactor at most: each costs a look at its flags in every turn. More: `StartError`.
pub(crate) const RINGS_MAX: u32 = 1024;

/// Open files that are left to the rest of the process when further rings are opened.
pub(crate) const OPEN_FILES_RESERVED: u64 = 64;

/// Submission queue of a ring beside the first, at most; a longer flush enters the kernel more often.
pub(crate) const FURTHER_SUBMISSION_ENTRIES: u32 = 512;

/// Completion queue of a ring beside the first, at least; past it the kernel keeps completions in its own list.
pub(crate) const FURTHER_COMPLETION_ENTRIES: u32 = 4096;

/// Receive buffers of a ring beside the first, at most; with none free a receive is armed again.
pub(crate) const FURTHER_RECEIVE_BUFFERS: u16 = 128;

/// Bytes of one of them, at most: longer runs of bytes come in more pieces.
pub(crate) const FURTHER_RECEIVE_BUFFER_BYTES: u32 = 4096;

/// Provided buffers of one ring at most; the kernel's limit. More: `StartError`.
pub(crate) const RECEIVE_BUFFERS_MAX: u16 = 1 << 15;

/// A connect is up to five linked submissions which must enter the kernel together. Fewer entries: `StartError`.
pub(crate) const SUBMISSION_ENTRIES_MIN: u32 = 16;

/// Completion queue at most; past it the kernel keeps completions in its own list until the next turn.
pub(crate) const COMPLETION_ENTRIES_MAX: u32 = 1 << 16;

/// Accepts in flight for one listener; each holds a slot of the table. More connections wait in the kernel's backlog.
pub(crate) const ACCEPTS_PER_LISTENER: usize = 16;

/// Listeners of one reactor. More: `listen` is refused.
pub(crate) const LISTENERS_MAX: usize = 64;

/// After the kernel lacked files or memory for an accept, the next attempt waits this long.
pub(crate) const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Smallest send buffer; each class is four times the one before.
pub(crate) const SEND_BUFFER_BYTES_MIN: usize = 1024;

/// Classes of send buffers: 1 KiB to 16 MiB. More queued bytes for one socket: `StartError`.
pub(crate) const SEND_BUFFER_CLASSES: usize = 8;

/// The last one part in so many of the send memory is a reserve: its use is told, so that the caller closes who does not read.
pub(crate) const SEND_RESERVE_PART: usize = 8;

/// Largest send buffer.
pub(crate) const SEND_BUFFER_BYTES_MAX: usize =
    SEND_BUFFER_BYTES_MIN << (2 * (SEND_BUFFER_CLASSES - 1));

/// How long dropping a reactor waits for the kernel to give memory back; past it the memory is leaked, never freed.
pub(crate) const DROP_WAIT: Duration = Duration::from_secs(2);

/// Bytes of reactor memory for one socket at most.
pub(crate) const SLOT_BYTES_MAX: usize = 128;

const _: () = assert!(SLOTS_MAX <= crate::operation::INDEX_MAX + 1);
const _: () = assert!(ACCEPTS_PER_LISTENER * LISTENERS_MAX <= crate::operation::INDEX_MAX as usize);
const _: () = assert!(SEND_BUFFER_BYTES_MAX == 16 << 20);
