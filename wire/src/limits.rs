//! Every limit of the protocol, in one place; relations between them are asserted at compile time.

use crate::frame::MESSAGE_HEADER_BYTES;

/// Largest frame, prefix included, in bytes. A larger declared length closes the connection.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Largest `Hello` and `Reauthenticate`, in bytes: what a stranger may make a server hold.
pub const TOKEN_FRAME_BYTES_MAX: usize = 4096;
/// Largest `Signal`, in bytes.
pub const SIGNAL_FRAME_BYTES_MAX: usize = 5120;
/// Largest frame of the kinds that hold a few fields only, in bytes.
pub const SMALL_FRAME_BYTES_MAX: usize = 1024;
/// Bytes of the prefix of every frame.
pub const PREFIX_BYTES: usize = 8;
/// Largest message payload (all slices together), in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 60 * 1024;
/// Largest number of slices (recipient devices) of one message.
pub const SLICES_MAX: usize = 128;
/// Bytes of one entry of the slice table.
pub const SLICE_BYTES: usize = 24;
/// Largest sequence number and largest number that a client gives a send: what a signed 64-bit integer holds.
pub const SEQ_MAX: u64 = i64::MAX as u64;
/// Sends of one device to one chat that may be unanswered at a time.
pub const UNANSWERED_MAX: usize = 16;
/// Largest session token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 2048;
/// Longest free text in a frame (client name, server name, details of a failure), in bytes.
pub const TEXT_BYTES_MAX: usize = 256;
/// Longest `sub` of a token, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 128;
/// Most chats in one `PendingList`.
pub const PENDING_CHATS_MAX: usize = 512;
/// Longest cursor of `ListPending`, in bytes.
pub const CURSOR_BYTES_MAX: usize = 64;
/// Most messages in one page.
pub const PAGE_MESSAGES_MAX: usize = 512;
/// Most bytes of messages in one page.
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Most `EmptyRange` entries in one page.
pub const PAGE_EMPTY_RANGES_MAX: usize = 512;
/// Largest payload of a `Signal`, in bytes.
pub const SIGNAL_BYTES_MAX: usize = 4096;
/// Time between two pings of a client, in milliseconds: the default, the smallest and the largest a client may ask for.
pub const HEARTBEAT_MS: u32 = 240_000;
/// Smallest heartbeat interval, in milliseconds.
pub const HEARTBEAT_MS_MIN: u32 = 1_000;
/// Largest heartbeat interval, in milliseconds.
pub const HEARTBEAT_MS_MAX: u32 = 1_800_000;
/// A connection that has not said a valid `Hello` after this time is closed, in milliseconds.
pub const HANDSHAKE_TIMEOUT_MS: u64 = 10_000;
/// Latest time that a clock may show, in milliseconds since 1970 (the year 10889): keeps sums of times from overflowing.
pub const CLOCK_MS_MAX: u64 = 1 << 48;

const _: () =
    assert!(MESSAGE_HEADER_BYTES + SLICES_MAX * SLICE_BYTES + PAYLOAD_BYTES_MAX <= FRAME_BYTES_MAX);
const _: () = assert!(PENDING_CHATS_MAX * 56 + 512 <= FRAME_BYTES_MAX);
const _: () = assert!(PAGE_EMPTY_RANGES_MAX * 24 + 512 <= FRAME_BYTES_MAX);
const _: () = assert!(PAGE_BYTES_MAX >= 2 * FRAME_BYTES_MAX);
const _: () = assert!(TOKEN_BYTES_MAX + TEXT_BYTES_MAX + 512 <= TOKEN_FRAME_BYTES_MAX);
const _: () = assert!(SIGNAL_BYTES_MAX + 512 <= SIGNAL_FRAME_BYTES_MAX);
const _: () = assert!(TEXT_BYTES_MAX + 512 <= SMALL_FRAME_BYTES_MAX);
const _: () = assert!(CURSOR_BYTES_MAX + 512 <= SMALL_FRAME_BYTES_MAX);
const _: () = assert!(HEARTBEAT_MS_MIN < HEARTBEAT_MS && HEARTBEAT_MS < HEARTBEAT_MS_MAX);
