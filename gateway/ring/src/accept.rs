//! Accepting: several single accepts in flight for each listener, each into a slot reserved for it.
//! A multishot accept would share one address buffer among all its connections, and the command that asks a direct
//! descriptor for its peer is newer than most kernels; single accepts give the peer's address on all.
//! Invariant: no accept is in flight without a slot, so a connection is never accepted and dropped: with the table full
//! sockets that only wait for their peer's end are given up, and connections wait in the kernel's backlog, and beyond that the kernel refuses them.

use std::cell::UnsafeCell;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Instant;

use io_uring::{opcode, types};

use crate::address::{self, RawAddress};
use crate::connection::Connection;
use crate::driver::Driver;
use crate::event::Event;
use crate::limits::{ACCEPT_RETRY, ACCEPTS_PER_LISTENER, LISTENERS_MAX};
use crate::operation::{Completion, Kind, Operation};
use crate::slab::State;

/// How to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// Connections that the kernel holds until they are accepted; the kernel caps it at net.core.somaxconn.
    pub backlog: u32,
    /// Several reactors may listen on the same address; the kernel spreads connections over them.
    pub reuse_port: bool,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            backlog: 4096,
            reuse_port: true,
        }
    }
}

struct Listener {
    address: SocketAddr,
    /// Closed once no accept of it is in flight: until then a queued submission may still name its number.
    socket: Option<OwnedFd>,
    is_stopping: bool,
    accepts: Vec<Accept>,
}

struct Accept {
    /// The slot that is reserved while the accept is in flight.
    reserved: Option<Connection>,
    generation: u32,
    /// The kernel writes the peer's address here.
    peer: Box<UnsafeCell<RawAddress>>,
}

/// The listeners of a reactor.
pub(crate) struct Accepts {
    listeners: Vec<Listener>,
    /// Some accept may be missing.
    is_short: bool,
    retry_at: Option<Instant>,
}

impl Accepts {
    pub(crate) fn new() -> Self {
        Self {
            listeners: Vec::new(),
            is_short: false,
            retry_at: None,
        }
    }

    pub(crate) fn slot_freed(&mut self) {
        self.is_short = true;
    }

    /// When to try again after the kernel lacked files or memory.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    pub(crate) fn end_retry(&mut self, now: Instant) {
        self.retry_at = self.retry_at.filter(|&at| at > now);
    }

    /// The next accept to put in flight: the listener with the fewest comes first.
    fn next_idle(&self) -> Option<(usize, usize)> {
        (0..ACCEPTS_PER_LISTENER).find_map(|number| {
            let listener = self.listeners.iter().position(|listener| {
                !listener.is_stopping && listener.accepts[number].reserved.is_none()
            })?;
            Some((listener, number))
        })
    }
}

impl Listener {
    fn close_if_idle(&mut self) {
        if self.is_stopping && self.accepts.iter().all(|accept| accept.reserved.is_none()) {
            self.socket = None;
        }
    }
}

impl Driver {
    pub(crate) fn listen(&mut self, address: SocketAddr, how: Listen) -> io::Result<SocketAddr> {
        if self.accepts.listeners.len() == LISTENERS_MAX {
            return Err(io::Error::other("too many listeners for one reactor"));
        }
        let socket = listening_socket(address, how)?;
        let address = local_address(&socket)?;
        let accepts = (0..ACCEPTS_PER_LISTENER)
            .map(|_| Accept {
                reserved: None,
                generation: 0,
                peer: Box::new(UnsafeCell::new(RawAddress::empty())),
            })
            .collect();
        self.accepts.listeners.push(Listener {
            address,
            socket: Some(socket),
            is_stopping: false,
            accepts,
        });
        self.accepts.is_short = true;
        Ok(address)
    }

    /// Cancels every accept; the listeners close when those have ended.
    pub(crate) fn stop_listening(&mut self) {
        for listener in &mut self.accepts.listeners {
            listener.is_stopping = true;
            listener.close_if_idle();
        }
        self.accepts.is_short = true;
    }

    /// Puts as many accepts in flight as there are free slots, or cancels those of stopped listeners.
    pub(crate) fn submit_accepts(&mut self) {
        if !self.accepts.is_short {
            return;
        }
        self.cancel_stopped_accepts();
        if self.accepts.retry_at.is_some() {
            return;
        }
        while let Some((listener, number)) = self.accepts.next_idle() {
            match self.next_slot() {
                Ok(Some(index)) if self.rings.of(index).0.has_room(1, &mut self.counters) => {
                    self.submit_accept(listener, number);
                }
                Ok(Some(_)) => return,
                Ok(None) => {
                    self.shorten_lingering(ACCEPTS_PER_LISTENER);
                    break;
                }
                Err(error) => return self.accept_failed(error.raw_os_error().unwrap_or(0)),
            }
        }
        self.accepts.is_short = self
            .accepts
            .listeners
            .iter()
            .any(|l| l.is_stopping && l.socket.is_some());
    }

    fn submit_accept(&mut self, listener: usize, number: usize) {
        let Some(reserved) = self.slab.take(State::Reserved) else {
            return;
        };
        let listening = &mut self.accepts.listeners[listener];
        let Some(socket) = &listening.socket else {
            return;
        };
        let accept = &mut listening.accepts[number];
        accept.reserved = Some(reserved);
        accept.generation = accept.generation.wrapping_add(1);
        // SAFETY: no accept is in flight with this cell, so nobody else writes to it.
        unsafe { *accept.peer.get() = RawAddress::empty() };
        let (peer, bytes) = RawAddress::pointer(accept.peer.get());
        let (ring, fixed) = self.rings.of(reserved.slot());
        let entry = opcode::Accept::new(types::Fd(socket.as_raw_fd()), peer, bytes)
            .file_index(types::DestinationSlot::try_from_slot_target(fixed.0).ok())
            .build();
        let index = (listener * ACCEPTS_PER_LISTENER + number) as u32;
        let operation = Operation::new(Kind::Accept, index, accept.generation);
        // SAFETY: the cell is boxed, is not touched before the completion, and outlives the ring's operations.
        unsafe { ring.push(entry, operation) };
    }

    fn cancel_stopped_accepts(&mut self) {
        for (position, listener) in self.accepts.listeners.iter().enumerate() {
            if !listener.is_stopping {
                continue;
            }
            for (number, accept) in listener.accepts.iter().enumerate() {
                let Some(reserved) = accept.reserved else {
                    continue;
                };
                let (ring, _) = self.rings.of(reserved.slot());
                if !ring.has_room(1, &mut self.counters) {
                    continue;
                }
                let index = (position * ACCEPTS_PER_LISTENER + number) as u32;
                let operation = Operation::new(Kind::Accept, index, accept.generation);
                let entry = opcode::AsyncCancel::new(operation.pack()).build();
                // SAFETY: a cancel names no memory.
                unsafe {
                    ring.push(
                        entry,
                        Operation {
                            kind: Kind::Cancel,
                            ..operation
                        },
                    )
                };
            }
        }
    }

    pub(crate) fn accept_completed(
        &mut self,
        operation: Operation,
        completion: Completion,
    ) -> Option<Event<'static>> {
        let index = operation.index as usize;
        let listener = &mut self.accepts.listeners[index / ACCEPTS_PER_LISTENER];
        let accept = &mut listener.accepts[index % ACCEPTS_PER_LISTENER];
        assert!(
            accept.generation == operation.generation,
            "an accept completed twice"
        );
        let connection = accept.reserved.take()?;
        // SAFETY: the accept has completed, so the kernel writes to the cell no more.
        let peer = unsafe { (*accept.peer.get()).decode() };
        let address = listener.address;
        listener.close_if_idle();
        self.accepts.is_short = true;
        if completion.result < 0 {
            self.slab.release(connection.slot());
            self.accept_failed(-completion.result);
            return None;
        }
        let slot = self.slab.at(connection.slot());
        slot.state = State::Open;
        slot.is_announced = true;
        self.open_connections += 1;
        self.counters.accepted += 1;
        self.list(connection.slot());
        let peer = peer.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
        Some(Event::Accepted {
            connection,
            peer,
            listener: address,
        })
    }

    /// A peer that gave up early is no reason to wait; a kernel without files or memory is.
    fn accept_failed(&mut self, errno: i32) {
        if !matches!(
            errno,
            libc::ECONNABORTED | libc::ECANCELED | libc::EINTR | libc::EPROTO | libc::EPERM
        ) {
            self.counters.accept_refused += 1;
            self.accepts.retry_at = Some(Instant::now() + ACCEPT_RETRY);
        }
    }
}

fn listening_socket(address: SocketAddr, how: Listen) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    // SAFETY: takes no memory.
    let raw = check(unsafe { libc::socket(address::family(address), kind, 0) })?;
    // SAFETY: the descriptor was just made and is owned by nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(raw) };
    enable(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR)?;
    if how.reuse_port {
        enable(&socket, libc::SOL_SOCKET, libc::SO_REUSEPORT)?;
    }
    // Accepted sockets inherit it; set here it costs nothing for each of them.
    enable(&socket, libc::IPPROTO_TCP, libc::TCP_NODELAY)?;
    let mut raw_address = RawAddress::from(address);
    let bytes = raw_address.bytes();
    let (pointer, _) = RawAddress::pointer(&raw mut raw_address);
    // SAFETY: reads `bytes` bytes of a local.
    check(unsafe { libc::bind(socket.as_raw_fd(), pointer, bytes) })?;
    let backlog = i32::try_from(how.backlog).unwrap_or(i32::MAX);
    // SAFETY: takes no memory.
    check(unsafe { libc::listen(socket.as_raw_fd(), backlog) })?;
    Ok(socket)
}

fn enable(socket: &OwnedFd, level: i32, name: i32) -> io::Result<()> {
    let enabled = 1i32;
    let bytes = size_of::<i32>() as libc::socklen_t;
    // SAFETY: reads four bytes of a local.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const enabled).cast(),
            bytes,
        )
    };
    check(result).map(drop)
}

fn local_address(socket: &OwnedFd) -> io::Result<SocketAddr> {
    let mut raw = RawAddress::empty();
    let (pointer, bytes) = RawAddress::pointer(&raw mut raw);
    // SAFETY: writes at most `bytes` bytes of a local, which it holds.
    check(unsafe { libc::getsockname(socket.as_raw_fd(), pointer, bytes) })?;
    raw.decode()
        .ok_or_else(|| io::Error::other("the kernel gave an address of an unknown family"))
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn accepted_sockets_inherit_no_delay() {
        let socket =
            listening_socket(([127, 0, 0, 1], 0).into(), Listen::default()).expect("listen");
        let address = local_address(&socket).expect("address");
        let _client = TcpStream::connect(address).expect("connect");
        let (accepted, _) = TcpListener::from(socket).accept().expect("accept");
        assert!(accepted.nodelay().expect("option"));
    }
}
