//! `Doors`: turns what happens on sockets into what a worker is told, and what it orders into bytes. On the plain door that is the
//! same; on the other TLS stands between.
//!
//! Invariant: a worker knows a session from `Connected` until it closes it or hears `Disconnected`, and never sees or counts a
//! byte that is not its own.

use std::net::IpAddr;

use ringpost_gateway_core::limits::FLUSH_TIMEOUT_MS;
use ringpost_gateway_core::{Input, Now, SessionId, Worker};
use ringpost_gateway_ring::{Close, Connection, Event};
use ringpost_gateway_tls::proxy::Networks;
use ringpost_gateway_tls::{ServerTls, State, Workspace};

use super::connections::{connection_of, session_of};
use super::counters::{DoorCounters, Ended};
use super::deadlines::Deadlines;
use super::handshakes::Handshakes;
use super::limits::{
    HANDSHAKE_TIMEOUT_MS, HANDSHAKES_MAX, HEADER_TIMEOUT_MS, HELD_BYTES_MAX, PREAMBLES_MAX,
    RECORD_TIMEOUT_MS, SPARE_BUFFERS, WAITING_BYTES,
};
use super::link::Link;
use super::plan::DoorPlan;
use super::preambles::Preambles;
use super::wire::Wire;

/// What the doors work with for the time of a call.
pub struct Turn<'a, W> {
    /// The sockets.
    pub wire: &'a mut W,
    /// Whom to tell.
    pub worker: &'a mut Worker,
    /// The time.
    pub now: Now,
}

/// The doors of one core.
pub struct Doors {
    plan: DoorPlan,
    /// By the slots of their connections; as long as the highest that ever had TLS.
    pub(super) links: Vec<Option<Box<Link>>>,
    pub(super) preambles: Preambles,
    pub(super) workspace: Workspace,
    /// Links with plaintext that waits for the end of the turn.
    waiting: Vec<Connection>,
    pub(super) handshakes: Handshakes,
    pub(super) spare: Vec<Vec<u8>>,
    pub(super) headers: Deadlines,
    pub(super) opening: Deadlines,
    pub(super) records: Deadlines,
    pub(super) flushing: Deadlines,
    pub(super) counters: DoorCounters,
}

impl Doors {
    /// Doors whose addresses are bound.
    pub fn new(plan: DoorPlan) -> Self {
        Self {
            plan,
            links: Vec::new(),
            preambles: Preambles::default(),
            workspace: Workspace::default(),
            waiting: Vec::new(),
            handshakes: Handshakes::default(),
            spare: Vec::new(),
            headers: Deadlines::new(HEADER_TIMEOUT_MS),
            opening: Deadlines::new(HANDSHAKE_TIMEOUT_MS),
            records: Deadlines::new(RECORD_TIMEOUT_MS),
            flushing: Deadlines::new(FLUSH_TIMEOUT_MS),
            counters: DoorCounters::default(),
        }
    }

    /// What they count.
    pub fn counters(&self) -> &DoorCounters {
        &self.counters
    }

    /// Tells the worker what happened on a socket.
    pub fn event<W: Wire>(&mut self, turn: &mut Turn<'_, W>, event: Event<'_>) {
        match event {
            Event::Accepted {
                connection,
                peer,
                listener,
            } => {
                let is_tls = self.plan.addresses.tls == Some(listener);
                if self.plan.balancers.contains(peer.ip()) {
                    self.await_header(turn, connection, (peer.ip(), is_tls));
                } else {
                    self.admit(turn, connection, (peer.ip(), is_tls));
                }
            }
            Event::Received { connection, bytes } => {
                if self.preambles.contains(connection) {
                    self.receive_header(turn, connection, bytes);
                } else {
                    self.receive(turn, connection, bytes);
                }
            }
            Event::Sent {
                connection, bytes, ..
            } => self.sent(turn, connection, bytes),
            Event::Closed { connection, .. } => {
                if self.preambles.remove(connection) {
                    return;
                }
                self.unlink(connection, Some(Ended::Abandoned));
                turn.disconnect(connection);
            }
            Event::Connected { .. } | Event::ConnectFailed { .. } | Event::Woken => {}
        }
    }

    /// Writes a frame. `false` when there is no room for it: the connection is gone, and the worker is to be told.
    pub fn write(&mut self, wire: &mut impl Wire, session: SessionId, frame: &[u8]) -> bool {
        let connection = connection_of(session);
        let Some(link) = link_in(&mut self.links, connection) else {
            return wire.write(connection, frame) || self.drop_now(wire, connection);
        };
        if link.waiting_bytes() == 0 {
            self.waiting.push(connection);
        }
        link.wait(frame, &mut self.spare);
        if link.waiting_bytes() < WAITING_BYTES {
            return true;
        }
        let flushed = link.flush((wire, &mut self.workspace), &mut self.spare);
        let is_stuck = flushed.is_err() || link.waiting_bytes() > 0;
        !is_stuck || self.drop_now(wire, connection)
    }

    /// Encrypts and sends what was written since the last call.
    pub fn flush<W: Wire>(&mut self, turn: &mut Turn<'_, W>) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for connection in waiting.drain(..) {
            let Some(link) = link_in(&mut self.links, connection) else {
                continue;
            };
            let flushed = link.flush((&mut *turn.wire, &mut self.workspace), &mut self.spare);
            if let Err(error) = flushed {
                self.lose(turn, connection, error);
            }
        }
        self.waiting = waiting;
        self.spare.truncate(SPARE_BUFFERS);
    }

    fn sent<W: Wire>(&mut self, turn: &mut Turn<'_, W>, connection: Connection, bytes: usize) {
        let sent_bytes = match self.link(connection) {
            Some(link) => link.sent(bytes),
            None => bytes,
        };
        if sent_bytes > 0 {
            let progress = Input::Progress {
                session: session_of(connection),
                sent_bytes,
            };
            turn.worker.input(turn.now, progress);
        }
    }

    /// From now on the connections of these are counted for nobody.
    pub fn exempt(&mut self, exempt: Networks) {
        self.plan.exempt = exempt;
    }

    /// A connection is taken in for a client at `peer`. One that the worker will close gets no TLS: it is not worth the work.
    fn admit<W: Wire>(
        &mut self,
        turn: &mut Turn<'_, W>,
        connection: Connection,
        (peer, is_tls): (IpAddr, bool),
    ) {
        let counted = (!self.plan.exempt.contains(peer)).then_some(peer);
        if is_tls && counted.is_none_or(|peer| turn.worker.welcomes(peer, turn.now)) {
            self.open(turn, connection);
        }
        let connected = Input::Connected {
            session: session_of(connection),
            peer: counted,
        };
        turn.worker.input(turn.now, connected);
    }

    fn await_header<W: Wire>(
        &mut self,
        turn: &mut Turn<'_, W>,
        connection: Connection,
        (balancer, is_tls): (IpAddr, bool),
    ) {
        while self.preambles.count() >= PREAMBLES_MAX {
            let Some(oldest) = self.headers.take_oldest() else {
                break;
            };
            self.end_header(turn.wire, oldest);
        }
        self.preambles.begin(connection, balancer, is_tls);
        self.headers.begin(connection, turn.now.ticks_ms());
    }

    fn receive_header<W: Wire>(
        &mut self,
        turn: &mut Turn<'_, W>,
        connection: Connection,
        bytes: &[u8],
    ) {
        match self.preambles.receive(connection, bytes) {
            Ok(None) => {}
            Ok(Some(introduced)) => {
                self.counters.introduced += 1;
                self.admit(turn, connection, (introduced.peer, introduced.is_tls));
                if !introduced.rest.is_empty() {
                    self.receive(turn, connection, &introduced.rest);
                }
            }
            Err(error) => {
                tracing::debug!(slot = connection.slot(), %error, "a balancer's connection is closed");
                self.counters.not_introduced[error as usize] += 1;
                turn.wire.close(connection, Close::Now);
            }
        }
    }

    fn open<W: Wire>(&mut self, turn: &mut Turn<'_, W>, connection: Connection) {
        while self.counters.opening >= HANDSHAKES_MAX as u64 {
            let Some(oldest) = self.opening.take_oldest() else {
                break;
            };
            if self.link(oldest).is_some_and(|link| link.is_opening()) {
                self.give_up(turn, oldest, Ended::Crowded);
            }
        }
        let session = self.plan.tls.as_ref().map(ServerTls::session);
        let Some(Ok(session)) = session else {
            return turn.wire.close(connection, Close::Now);
        };
        let slot = connection.slot() as usize;
        if self.links.len() <= slot {
            self.links.resize_with(slot + 1, || None);
        }
        self.links[slot] = Some(Box::new(Link::new(connection, session)));
        self.opening.begin(connection, turn.now.ticks_ms());
        self.counters.opening += 1;
    }

    fn receive<W: Wire>(&mut self, turn: &mut Turn<'_, W>, connection: Connection, bytes: &[u8]) {
        let session = session_of(connection);
        match self.link(connection) {
            None => turn
                .worker
                .input(turn.now, Input::Received { session, bytes }),
            Some(link) if link.is_opening() => self.keep_for_handshake(turn, connection, bytes),
            Some(_) => self.hear(turn, connection, bytes),
        }
    }

    /// Takes in what came for a link.
    pub(super) fn hear<W: Wire>(
        &mut self,
        turn: &mut Turn<'_, W>,
        connection: Connection,
        bytes: &[u8],
    ) {
        let session = session_of(connection);
        let Some(link) = link_in(&mut self.links, connection) else {
            return;
        };
        let (was_opening, held_before) = (link.is_opening(), link.held_bytes());
        let mut on_plaintext = |bytes: &[u8]| {
            turn.worker
                .input(turn.now, Input::Received { session, bytes });
        };
        let sockets = (&mut *turn.wire, &mut self.workspace);
        let received = link.receive(bytes, sockets, &mut on_plaintext);
        self.counters.held_bytes -= held_before as u64;
        self.counters.held_bytes += link.held_bytes() as u64;
        if was_opening && !link.is_opening() {
            self.counters.opening -= 1;
            if received == Ok(State::Open) {
                let (version, is_resumed) = link.kind();
                self.counters.handshakes[version][is_resumed] += 1;
                self.waiting.push(connection);
            }
        }
        match received {
            Ok(State::PeerEnded) => self.end(turn, connection),
            Ok(_) => self.time_record(turn, connection),
            Err(error) => self.lose(turn, connection, error),
        }
    }

    /// Times the record that is coming, if one is, or refuses it for want of memory. A handshake is timed as a whole.
    fn time_record<W: Wire>(&mut self, turn: &mut Turn<'_, W>, connection: Connection) {
        let is_full = self.counters.held_bytes > HELD_BYTES_MAX as u64;
        let Some(link) = link_in(&mut self.links, connection) else {
            return;
        };
        let ticks_ms = turn.now.ticks_ms();
        if !link.time_record(ticks_ms) {
            return;
        }
        if is_full {
            return self.give_up(turn, connection, Ended::Crowded);
        }
        if !link.is_timed {
            link.is_timed = true;
            self.records.begin(connection, ticks_ms);
        }
    }

    pub(super) fn link(&mut self, connection: Connection) -> Option<&mut Link> {
        link_in(&mut self.links, connection)
    }
}

impl<W> Turn<'_, W> {
    /// Tells the worker that a connection is gone.
    pub(super) fn disconnect(&mut self, connection: Connection) {
        let session = session_of(connection);
        self.worker.input(self.now, Input::Disconnected { session });
    }
}

pub(super) fn link_in(
    links: &mut [Option<Box<Link>>],
    connection: Connection,
) -> Option<&mut Link> {
    let link = links.get_mut(connection.slot() as usize)?.as_deref_mut()?;
    (link.connection == connection).then_some(link)
}
