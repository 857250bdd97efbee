//! Connecting: socket, options, local address and connect as one chain of linked submissions into a slot that was
//! reserved here. Input: `connect`; output: `Connected`, `ConnectFailed` or `Closed`.
//! Invariant: a chain enters the kernel in one call, else its links would break.

use std::collections::VecDeque;
use std::net::SocketAddr;

use io_uring::squeue::{Entry, Flags};
use io_uring::{opcode, types};

use crate::address::{self, RawAddress};
use crate::connection::Connection;
use crate::driver::Driver;
use crate::event::{CloseReason, Event};
use crate::operation::{Completion, Kind, Operation};
use crate::slab::State;

/// Why no connect was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Every slot of the table is in use or held by an accept in flight, or the kernel refused the ring of the next.
    #[error("the socket table is full")]
    TableFull,
    /// One address is IPv4, the other IPv6.
    #[error("local and remote address are of different families")]
    FamiliesDiffer,
}

/// Socket, three options or addresses, connect.
const CHAIN_ENTRIES_MAX: usize = 5;

/// Addresses that the kernel has not copied yet; with none free the queue is submitted first.
const ADDRESSES: usize = 64;

/// Option values are read when their link of the chain starts, at any later time.
static ENABLED: i32 = 1;

struct Queued {
    connection: Connection,
    local: Option<SocketAddr>,
    remote: SocketAddr,
}

/// Connects not yet submitted, and the addresses of those just queued for submission.
pub(crate) struct Connects {
    queued: VecDeque<Queued>,
    addresses: Box<[RawAddress]>,
    addresses_used: usize,
    /// The one ring whose queue names addresses.
    ring: u32,
}

impl Connects {
    pub(crate) fn new() -> Self {
        Self {
            queued: VecDeque::new(),
            addresses: vec![RawAddress::empty(); ADDRESSES].into_boxed_slice(),
            addresses_used: 0,
            ring: 0,
        }
    }

    pub(crate) fn has_queued(&self) -> bool {
        !self.queued.is_empty()
    }

    /// Stores an address until it is submitted.
    fn keep(&mut self, address: SocketAddr) -> (*const libc::sockaddr, libc::socklen_t) {
        let kept = &mut self.addresses[self.addresses_used];
        self.addresses_used += 1;
        *kept = RawAddress::from(address);
        (RawAddress::pointer(kept).0, kept.bytes())
    }
}

impl Driver {
    pub(crate) fn connect(
        &mut self,
        local: Option<SocketAddr>,
        remote: SocketAddr,
    ) -> Result<Connection, ConnectError> {
        if local.is_some_and(|local| local.is_ipv4() != remote.is_ipv4()) {
            return Err(ConnectError::FamiliesDiffer);
        }
        let connection = match self.next_slot() {
            Ok(_) => self.slab.take(State::Connecting),
            Err(_) => None,
        }
        .ok_or(ConnectError::TableFull)?;
        self.connects.queued.push_back(Queued {
            connection,
            local,
            remote,
        });
        Ok(connection)
    }

    pub(crate) fn submit_connects(&mut self) {
        while let Some(queued) = self.connects.queued.pop_front() {
            let slot = self.slab.get_mut(queued.connection);
            if slot.is_none_or(|slot| slot.state != State::Connecting) {
                continue;
            }
            if !self.has_room_for_connect(queued.connection.slot()) {
                self.connects.queued.push_front(queued);
                return;
            }
            self.submit_connect(&queued);
        }
    }

    fn has_room_for_connect(&mut self, index: u32) -> bool {
        let target = self.rings.number_of(index);
        let first = self.connects.ring * self.rings.slots_per_ring();
        let (naming, _) = self.rings.of(first);
        if naming.is_submitted() {
            self.connects.addresses_used = 0;
        }
        let is_other = target != self.connects.ring && self.connects.addresses_used > 0;
        if is_other || self.connects.addresses_used + 2 > ADDRESSES {
            // Asking for a whole queue's room submits all of it.
            let all = naming.io().params().sq_entries() as usize;
            if !naming.has_room(all, &mut self.counters) {
                return false;
            }
            self.connects.addresses_used = 0;
        }
        self.connects.ring = target;
        let (ring, _) = self.rings.of(index);
        ring.has_room(CHAIN_ENTRIES_MAX, &mut self.counters)
    }

    fn submit_connect(&mut self, queued: &Queued) {
        let (_, fixed) = self.rings.of(queued.connection.slot());
        let socket = opcode::Socket::new(address::family(queued.remote), libc::SOCK_STREAM, 0)
            .file_index(types::DestinationSlot::try_from_slot_target(fixed.0).ok())
            .build();
        self.push_link(
            queued.connection,
            Kind::Socket,
            socket.flags(Flags::IO_LINK),
        );
        let no_delay = set_enabled(fixed, libc::IPPROTO_TCP, libc::TCP_NODELAY);
        self.push_link(
            queued.connection,
            Kind::SetOption,
            no_delay.flags(Flags::IO_LINK),
        );
        if let Some(local) = queued.local {
            if local.is_ipv4() && local.port() == 0 {
                // Otherwise one local address has 28,000 ports for all remotes together.
                let late_port = set_enabled(fixed, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT);
                self.push_link(
                    queued.connection,
                    Kind::SetOption,
                    late_port.flags(Flags::IO_LINK),
                );
            }
            let (address, bytes) = self.connects.keep(local);
            let bind = opcode::Bind::new(fixed, address, bytes).build();
            self.push_link(queued.connection, Kind::Bind, bind.flags(Flags::IO_LINK));
        }
        let (address, bytes) = self.connects.keep(queued.remote);
        let connect = opcode::Connect::new(fixed, address, bytes).build();
        self.push_link(queued.connection, Kind::Connect, connect);
    }

    fn push_link(&mut self, connection: Connection, kind: Kind, entry: Entry) {
        self.slab.at(connection.slot()).operations += 1;
        let operation = Operation::new(kind, connection.slot(), connection.generation());
        // SAFETY: option values are static; addresses stay in `Connects::addresses`, whose places are used again only
        // when everything is submitted, and the kernel copies addresses when it takes the submission.
        unsafe { self.rings.of(connection.slot()).0.push(entry, operation) };
    }

    /// One link of a chain is done. The first failure is the reason; those after it were only cancelled by it.
    pub(crate) fn connect_completed(
        &mut self,
        connection: Connection,
        kind: Kind,
        completion: Completion,
    ) -> Option<Event<'static>> {
        if !self.end_operation(connection) {
            return None;
        }
        self.list(connection.slot());
        let slot = self.slab.get_mut(connection)?;
        if slot.state != State::Connecting {
            return None;
        }
        if completion.result < 0 {
            self.abort(connection, CloseReason::Error(-completion.result));
            return None;
        }
        if kind != Kind::Connect {
            return None;
        }
        slot.state = State::Open;
        slot.is_announced = true;
        self.open_connections += 1;
        self.counters.connected += 1;
        Some(Event::Connected { connection })
    }
}

fn set_enabled(fixed: types::Fixed, level: i32, name: i32) -> Entry {
    let value = (&raw const ENABLED).cast();
    opcode::SetSockOpt::new(
        fixed,
        level as u32,
        name as u32,
        value,
        size_of::<i32>() as u32,
    )
    .build()
}
