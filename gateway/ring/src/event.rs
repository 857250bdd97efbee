//! `Event`: everything a turn can tell its caller. Invariant: `Closed` or `ConnectFailed` comes exactly once for each
//! connection, and nothing of that connection comes after it.

use std::io;
use std::net::SocketAddr;

use crate::Connection;

/// What happened to a socket, or to the thread.
#[derive(Debug)]
pub enum Event<'a> {
    /// A peer connected to a listener.
    Accepted {
        /// The new connection; it receives at once.
        connection: Connection,
        /// The peer's address.
        peer: SocketAddr,
        /// The bound address that `listen` returned.
        listener: SocketAddr,
    },
    /// A `connect` succeeded.
    Connected {
        /// The connection that `connect` returned.
        connection: Connection,
    },
    /// A `connect` failed; the connection's last event.
    ConnectFailed {
        /// The connection that `connect` returned; stale from now on.
        connection: Connection,
        /// Why.
        error: io::Error,
    },
    /// Bytes of the stream, in order, at most one receive buffer at a time.
    Received {
        /// Who sent them.
        connection: Connection,
        /// Valid until the callback returns; then the kernel writes there again.
        bytes: &'a [u8],
    },
    /// The kernel took bytes of the socket's send buffer.
    Sent {
        /// Whose bytes.
        connection: Connection,
        /// How many it took.
        bytes: usize,
        /// How many still wait.
        queued_bytes: usize,
    },
    /// The socket is released; the connection's last event.
    Closed {
        /// Stale from now on.
        connection: Connection,
        /// Why.
        reason: CloseReason,
    },
    /// A [`Waker`](crate::Waker) was used since the last `Woken`.
    Woken,
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer ended its stream; what was queued for it was sent before.
    PeerClosed,
    /// The peer reset the connection.
    Reset,
    /// The caller closed it.
    Local,
    /// Any other error, as an error number of the kernel.
    Error(i32),
}

impl CloseReason {
    pub(crate) fn from_errno(errno: i32) -> Self {
        match errno {
            libc::ECONNRESET | libc::EPIPE => Self::Reset,
            other => Self::Error(other),
        }
    }
}
