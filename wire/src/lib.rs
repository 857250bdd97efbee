//! The Ringpost protocol: frames, ids, limits and error codes. Pure: bytes in, views and bytes out.
//!
//! Every function that takes bytes from a peer verifies them before a field is read; nothing here panics on bad input.
//! `docs/protocol.md` describes the same protocol for people who write a client.

mod error_code;
mod frame;
#[allow(
    missing_docs,
    unsafe_code,
    unused_imports,
    clippy::all,
    mismatched_lifetime_syntaxes
)]
#[rustfmt::skip]
mod generated;
mod ids;
pub mod limits;
mod table;

pub use error_code::{Answer, ErrorCode};
pub use frame::{
    Ack, ClientFrame, ContentClass, FrameError, FrameKind, MESSAGE_HEADER_BYTES, MessageView,
    NewMessage, Receipt, Sent, ServerFrame, Slice, Split, Stamp, device_copy_bytes, digest,
    encode_send, encode_stamped, split, stamp_in_place, write_device_copy,
};
pub use ids::{ChatId, DeviceAddress, DeviceId, MessageId, SHARD_COUNT, Seq, ShardId, UserId};
pub use table::{
    Behind, ChatOpened, EmptyRange, EmptyReason, Failure, GoAway, Hello, ListPending, MarkRead,
    OpenChat, Page, PendingChat, PendingList, Ping, Pong, ReadPage, Reauthenticate, Refused,
    Signal, Welcome,
};

/// The version of the protocol that this crate speaks; `Hello` and `Welcome` negotiate it.
pub const PROTOCOL_VERSION: u16 = 1;
/// The protocol's name in a TLS handshake (ALPN, RFC 7301). A client that names others is refused; one that names none is not.
pub const ALPN_NAME: &[u8] = b"ringpost/1";
