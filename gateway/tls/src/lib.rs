//! What stands between a socket and the frames: TLS and the PROXY protocol, without I/O. Bytes in, bytes out.
//!
//! Invariant: a session between two records holds no buffer, and whatever a peer sends is bounded by `limits`.

mod client;
mod drive;
mod failure;
mod identity;
pub mod limits;
pub mod proxy;
mod sent_bytes;
mod server;
mod session;
mod validity;
mod workspace;

#[cfg(test)]
mod tests;

pub use client::{ClientTls, ClientTlsError};
pub use failure::Failure;
pub use identity::{Identity, IdentityError};
pub use sent_bytes::SentBytes;
pub use server::ServerTls;
pub use session::{Session, State};
pub use validity::Validity;
pub use workspace::Workspace;
