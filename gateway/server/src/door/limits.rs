//! Limits of what stands between sockets and worker.

/// A handshake must be over after this time, in milliseconds; past it the connection is closed. Before the worker gives up the session
/// for want of its first frame, so that the reason is told.
pub const HANDSHAKE_TIMEOUT_MS: u64 = 8_000;
/// Time that a turn of a core's loop spends on handshakes at most, in microseconds, beyond the one that it is at: what the sessions that
/// are open wait for.
pub const HANDSHAKES_TURN_US: u128 = 1_000;
/// Until handshakes that keep the pace of sign-ins are looked at again, in milliseconds.
pub const HANDSHAKES_PACE_MS: u64 = 5;
/// Bytes of one connection that wait until its handshake goes on; who sends more before the answer is closed.
pub const UNHEARD_BYTES_MAX: usize = 20 * 1024;
/// Handshakes under way on one core, about 3 KiB each; a further one takes the place of the oldest. More than a core makes in a second, so that
/// those who come back all at once need not come twice.
pub const HANDSHAKES_MAX: usize = 16_384;
/// A balancer's header must be whole after this time, in milliseconds; past it the connection is closed.
pub const HEADER_TIMEOUT_MS: u64 = 5_000;
/// Connections of one core whose header is not whole; a further one takes the place of the oldest.
pub const PREAMBLES_MAX: usize = 2_048;
/// A record must be whole after this time, in milliseconds; past it the connection is closed.
pub const RECORD_TIMEOUT_MS: u64 = 30_000;
/// Bytes of all records of one core that are not whole; who passes it is closed.
pub const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Plaintext that waits for the end of a turn, or of a handshake, on one connection: then a record is full. More is sent at once.
pub const WAITING_BYTES: usize = 16 * 1024;
/// Buffers of such plaintext that a core keeps for the next turn.
pub const SPARE_BUFFERS: usize = 64;

const _: () = assert!(UNHEARD_BYTES_MAX < HELD_BYTES_MAX);
const _: () = assert!(UNHEARD_BYTES_MAX > ringpost_gateway_tls::limits::RECORD_BYTES_MAX);
const _: () = assert!(HANDSHAKE_TIMEOUT_MS < ringpost_wire::limits::HANDSHAKE_TIMEOUT_MS);
