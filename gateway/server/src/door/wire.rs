//! The two forms in which a core's sockets are at hand: between turns the reactor itself, during one what it lends.

use ringpost_gateway_ring::{Close, Connection, Reactor, Sockets, WriteError};

/// Sockets that can be written to and closed.
pub trait Wire {
    /// Queues bytes. `false` when there is no room for them; a connection that is ending takes and drops them.
    fn write(&mut self, connection: Connection, bytes: &[u8]) -> bool;

    /// Closes a connection.
    fn close(&mut self, connection: Connection, how: Close);
}

fn is_taken(written: Result<usize, WriteError>) -> bool {
    !matches!(written, Err(WriteError::NoRoom))
}

impl Wire for Reactor {
    fn write(&mut self, connection: Connection, bytes: &[u8]) -> bool {
        is_taken(Reactor::write(self, connection, &[bytes]))
    }

    fn close(&mut self, connection: Connection, how: Close) {
        Reactor::close(self, connection, how);
    }
}

impl Wire for Sockets<'_> {
    fn write(&mut self, connection: Connection, bytes: &[u8]) -> bool {
        is_taken(Sockets::write(self, connection, &[bytes]))
    }

    fn close(&mut self, connection: Connection, how: Close) {
        Sockets::close(self, connection, how);
    }
}
