//! Closing: by the caller at once or after a flush, by the peer, or by an error. All ways end in one: when the kernel
//! works on nothing of the socket any more, its descriptor is released and the slot is free.
//! Input: `close` and failures; output: one `Closed` or `ConnectFailed`.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::time::{Duration, Instant};

use io_uring::opcode;
use io_uring::types::CancelBuilder;

use crate::connection::Connection;
use crate::driver::Driver;
use crate::event::{CloseReason, Event};
use crate::operation::{Kind, Operation};
use crate::receive::cancel;
use crate::slab::{Receive, State};

/// How to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Send what is queued, end our half of the stream, wait for the peer's end (at most `ReactorConfig::linger`), and
    /// release. While the peer does not read, the flush waits: the caller decides when to turn to `Now`.
    /// A connection that is not yet established is closed at once.
    AfterFlush,
    /// Drop what is queued and release.
    Now,
}

/// Sockets that wait for the peer's end, in the order in which their patience ends.
pub(crate) struct Lingering {
    patience: Duration,
    ends: VecDeque<(Instant, Connection)>,
}

impl Lingering {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            patience,
            ends: VecDeque::new(),
        }
    }

    fn add(&mut self, connection: Connection) {
        self.ends
            .push_back((Instant::now() + self.patience, connection));
    }
}

impl Driver {
    /// False if the connection has ended.
    pub(crate) fn close(&mut self, connection: Connection, how: Close) -> bool {
        let Some(slot) = self.slab.get_mut(connection) else {
            return false;
        };
        if how == Close::Now || slot.state == State::Connecting {
            self.abort(connection, CloseReason::Local);
        } else if slot.state == State::Open {
            slot.state = State::Flushing;
            slot.reason = CloseReason::Local;
            slot.receive_paused = false;
            self.list(connection.slot());
        }
        true
    }

    /// Gives the socket up. The first reason stands if it was already closing.
    pub(crate) fn abort(&mut self, connection: Connection, reason: CloseReason) {
        let Some(slot) = self.slab.get_mut(connection) else {
            return;
        };
        match slot.state {
            State::Connecting | State::Open => slot.reason = reason,
            State::Flushing | State::Lingering => {}
            State::Free | State::Reserved | State::Aborting | State::Releasing => return,
        }
        slot.state = State::Aborting;
        self.send_pool.give_back(mem::take(&mut slot.filling));
        if !slot.is_sending {
            slot.sent_bytes = 0;
            self.send_pool.give_back(mem::take(&mut slot.sending));
        }
        self.list(connection.slot());
    }

    /// Sends on, and when nothing is left ends our half; false if there was no room for a submission.
    pub(crate) fn advance_flushing(&mut self, index: u32) -> bool {
        let slot = self.slab.at(index);
        if slot.queued_bytes() > 0 {
            return self.advance_send(index);
        }
        if slot.peer_ended {
            slot.state = State::Aborting;
            return self.advance_aborting(index);
        }
        let (ring, fixed) = self.rings.of(index);
        if !ring.has_room(1, &mut self.counters) {
            return false;
        }
        slot.state = State::Lingering;
        slot.operations += 1;
        let entry = opcode::Shutdown::new(fixed, libc::SHUT_WR).build();
        // SAFETY: the entry names no memory.
        unsafe {
            ring.push(
                entry,
                Operation::new(Kind::Shutdown, index, slot.generation),
            )
        };
        let connection = Connection::new(index, slot.generation);
        self.lingering.add(connection);
        true
    }

    pub(crate) fn advance_lingering(&mut self, index: u32) -> bool {
        let slot = self.slab.at(index);
        if !slot.peer_ended {
            return true;
        }
        slot.state = State::Aborting;
        self.advance_aborting(index)
    }

    /// Cancels what is in flight, or releases the descriptor when nothing is. A linked connect can start an operation
    /// after the cancel, so each further completion of the slot leads here and cancels again.
    ///
    /// A cancel by descriptor makes the kernel look at every operation of the ring: with 20,000 sockets, closing all took
    /// minutes. Where only the receive or the poll is in flight, as in an idle socket, it is named instead.
    pub(crate) fn advance_aborting(&mut self, index: u32) -> bool {
        let (ring, fixed) = self.rings.of(index);
        if !ring.has_room(1, &mut self.counters) {
            return false;
        }
        let slot = self.slab.at(index);
        let (entry, kind) = if slot.operations > 0 {
            let entry = match (slot.operations, slot.receive) {
                (1, Receive::Multishot) => cancel(Kind::Receive, index, slot.generation),
                (1, Receive::Poll) => cancel(Kind::Poll, index, slot.generation),
                _ => opcode::AsyncCancel2::new(CancelBuilder::fd(fixed).all()).build(),
            };
            (entry, Kind::Cancel)
        } else {
            slot.state = State::Releasing;
            slot.operations += 1;
            (opcode::Close::new(fixed).build(), Kind::Close)
        };
        // SAFETY: neither entry names memory.
        unsafe { ring.push(entry, Operation::new(kind, index, slot.generation)) };
        true
    }

    pub(crate) fn shutdown_completed(&mut self, connection: Connection) {
        if self.end_operation(connection) {
            self.list(connection.slot());
        }
    }

    /// The descriptor is released (or was never made): the slot is free and the last event is due.
    pub(crate) fn release_completed(&mut self, connection: Connection) -> Option<Event<'static>> {
        if !self.end_operation(connection) {
            return None;
        }
        let slot = self.slab.get_mut(connection)?;
        assert!(slot.receive == Receive::None && !slot.is_sending);
        let (reason, is_announced) = (slot.reason, slot.is_announced);
        self.slab.release(connection.slot());
        self.counters.closed += 1;
        self.open_connections -= u32::from(is_announced);
        self.accepts.slot_freed();
        let errno = match reason {
            CloseReason::Error(errno) if !is_announced => errno,
            _ => return Some(Event::Closed { connection, reason }),
        };
        Some(Event::ConnectFailed {
            connection,
            error: io::Error::from_raw_os_error(errno),
        })
    }

    /// Gives up the sockets whose peers did not end in time.
    pub(crate) fn end_lingering(&mut self, now: Instant) {
        while self.next_linger_end().is_some_and(|end| end <= now) {
            if let Some((_, connection)) = self.lingering.ends.pop_front() {
                self.abort(connection, CloseReason::Local);
            }
        }
    }

    /// Gives up at most `count` sockets whose peers have not ended yet, the oldest first: others need their slots.
    pub(crate) fn shorten_lingering(&mut self, count: usize) {
        for _ in 0..count {
            if self.next_linger_end().is_none() {
                return;
            }
            if let Some((_, connection)) = self.lingering.ends.pop_front() {
                self.abort(connection, CloseReason::Local);
            }
        }
    }

    /// Forgets sockets that have ended meanwhile.
    pub(crate) fn next_linger_end(&mut self) -> Option<Instant> {
        while let Some(&(end, connection)) = self.lingering.ends.front() {
            if self
                .slab
                .get(connection)
                .is_some_and(|slot| slot.state == State::Lingering)
            {
                return Some(end);
            }
            self.lingering.ends.pop_front();
        }
        None
    }
}
