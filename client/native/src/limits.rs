//! Limits of the SDK's shell; those of the session itself are in `ringpost_client_core::limits`.

use std::time::Duration;

/// Events that the application has not taken; past it sends are not accepted and receipts are dropped.
pub const EVENTS_MAX: usize = 8_192;
/// Requests to the SDK's task that may wait.
pub const COMMANDS_MAX: usize = 256;
/// Bytes read from the connection at once.
pub const READ_BYTES: usize = 64 * 1024;
/// Length of a journal below which it is not written anew, in bytes.
pub const COMPACT_BYTES_MIN: u64 = 1024 * 1024;
/// A journal is written anew when it is longer than so many times its last snapshot.
pub const COMPACT_GROWTH: u64 = 4;
/// Longest wait for the last bytes to be written when a client is closed.
pub const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// Handshakes in a row that fail before a server that never made one is given up; between them come the waits of lost connections,
/// 40 to 81 s in all. Tests wait for fewer.
pub const HANDSHAKES_MAX: u32 = if cfg!(test) { 3 } else { 10 };
/// Largest record in a journal, in bytes.
pub const RECORD_BYTES_MAX: usize = 128 * 1024;

const _: () = assert!(RECORD_BYTES_MAX > ringpost_wire::limits::FRAME_BYTES_MAX);
const _: () = assert!(EVENTS_MAX > 2 * ringpost_client_core::limits::UNCONFIRMED_MAX);
