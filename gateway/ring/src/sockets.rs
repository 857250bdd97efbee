//! `Sockets`: what a callback may do with the reactor while it looks at an event: all but take a turn.
//! A borrow of its own, so that bytes handed out with the event stay in place whatever the callback does.

use std::net::SocketAddr;

use crate::close::Close;
use crate::connect::ConnectError;
use crate::connection::Connection;
use crate::driver::Driver;
use crate::send::WriteError;

/// A reactor in the middle of a turn. Its methods are those of [`Reactor`](crate::Reactor), and it stays on its thread too:
///
/// ```compile_fail
/// fn elsewhere<T: Send>() {}
/// elsewhere::<ringpost_gateway_ring::Sockets<'_>>();
/// ```
pub struct Sockets<'r> {
    driver: &'r mut Driver,
}

impl<'r> Sockets<'r> {
    pub(crate) fn new(driver: &'r mut Driver) -> Self {
        Self { driver }
    }

    /// As [`Reactor::write`](crate::Reactor::write).
    pub fn write(&mut self, connection: Connection, parts: &[&[u8]]) -> Result<usize, WriteError> {
        self.driver.write(connection, parts)
    }

    /// As [`Reactor::queued_bytes`](crate::Reactor::queued_bytes).
    pub fn queued_bytes(&self, connection: Connection) -> Option<usize> {
        self.driver
            .slab
            .get(connection)
            .map(|slot| slot.queued_bytes())
    }

    /// As [`Reactor::is_open`](crate::Reactor::is_open).
    pub fn is_open(&self, connection: Connection) -> bool {
        self.driver
            .slab
            .get(connection)
            .is_some_and(|slot| slot.is_usable() && slot.is_announced)
    }

    /// As [`Reactor::connect`](crate::Reactor::connect).
    pub fn connect(
        &mut self,
        local: Option<SocketAddr>,
        remote: SocketAddr,
    ) -> Result<Connection, ConnectError> {
        self.driver.connect(local, remote)
    }

    /// As [`Reactor::close`](crate::Reactor::close).
    pub fn close(&mut self, connection: Connection, how: Close) -> bool {
        self.driver.close(connection, how)
    }

    /// As [`Reactor::pause_receiving`](crate::Reactor::pause_receiving).
    pub fn pause_receiving(&mut self, connection: Connection) -> bool {
        self.driver.pause_receiving(connection)
    }

    /// As [`Reactor::resume_receiving`](crate::Reactor::resume_receiving).
    pub fn resume_receiving(&mut self, connection: Connection) -> bool {
        self.driver.resume_receiving(connection)
    }

    /// As [`Reactor::stop_listening`](crate::Reactor::stop_listening).
    pub fn stop_listening(&mut self) {
        self.driver.stop_listening();
    }
}
