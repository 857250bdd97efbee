//! A session and its connection have the same number.

use ringpost_gateway_core::SessionId;
use ringpost_gateway_ring::Connection;

/// The session of a connection.
pub fn session_of(connection: Connection) -> SessionId {
    SessionId {
        slot: connection.slot(),
        generation: connection.generation(),
    }
}

/// The connection of a session.
pub fn connection_of(session: SessionId) -> Connection {
    Connection::from_u64(u64::from(session.generation) << 32 | u64::from(session.slot))
}
