//! Every limit of this crate. Past each of them the session fails with `Failure::TooLong`, unless its line says otherwise.

/// Plaintext of one record, by the protocol. More is sent in several.
pub const RECORD_PLAINTEXT_BYTES: usize = 16 * 1024;
/// One record on the wire, in both versions, with its header.
pub const RECORD_BYTES_MAX: usize = RECORD_PLAINTEXT_BYTES + 2_048 + 5;
/// What a record adds to its plaintext at most: header, explicit nonce or content type, and tag.
pub const RECORD_OVERHEAD_BYTES: usize = 5 + 8 + 16 + 1;
/// Bytes of handshake messages that a server keeps until one is whole.
pub const SERVER_HELD_BYTES_MAX: usize = RECORD_BYTES_MAX;
/// The same at a client, which takes the server's certificates.
pub const CLIENT_HELD_BYTES_MAX: usize = 64 * 1024;
/// Capacity that a workspace keeps between two calls; what is beyond is given back.
pub const WORKSPACE_BYTES_KEPT: usize = 128 * 1024;
/// Tickets that a server sends at each handshake of version 1.3.
pub const TICKETS_PER_HANDSHAKE: usize = 1;
/// Bytes of a PEM file. Past it: `IdentityError::TooLarge`.
pub const PEM_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one entry of `SentBytes`, from which on the next write begins a new one.
pub(crate) const SENT_ENTRY_BYTES: u32 = 4 * 1024;

const _: () = assert!(SERVER_HELD_BYTES_MAX >= RECORD_BYTES_MAX);
const _: () = assert!(CLIENT_HELD_BYTES_MAX >= SERVER_HELD_BYTES_MAX);
const _: () = assert!(WORKSPACE_BYTES_KEPT >= 2 * RECORD_BYTES_MAX);
