//! How connections end at the doors: by the worker's order, by the peer, by a failure, or because something took too long.
//!
//! Invariant: `unlink` is the only way out of the table, so that what is counted of a link is given back once.

use ringpost_gateway_core::SessionId;
use ringpost_gateway_ring::{Close, Connection};

use super::connections::{connection_of, session_of};
use super::counters::Ended;
use super::doors::{Doors, Turn, link_in};
use super::limits::RECORD_TIMEOUT_MS;
use super::link::{Link, LinkError};
use super::wire::Wire;

impl Doors {
    /// Ends a connection as the worker orders; with `flush` after what was written.
    pub fn close(&mut self, wire: &mut impl Wire, session: SessionId, flush: bool, ticks_ms: u64) {
        let connection = connection_of(session);
        let mut can_flush = flush;
        if let Some(mut link) = self.unlink(connection, Some(Ended::Refused)) {
            can_flush &= !link.is_opening()
                && link
                    .flush((&mut *wire, &mut self.workspace), &mut self.spare)
                    .is_ok()
                && link.end((&mut *wire, &mut self.workspace)).is_ok();
        }
        self.shut(wire, connection, can_flush, ticks_ms);
    }

    /// Closes what has not come to its end in time: flushes, handshakes, records.
    pub fn end_overdue<W: Wire>(&mut self, turn: &mut Turn<'_, W>) {
        let ticks_ms = turn.now.ticks_ms();
        while let Some(connection) = self.flushing.next_overdue(ticks_ms) {
            turn.wire.close(connection, Close::Now);
        }
        while let Some(connection) = self.headers.next_overdue(ticks_ms) {
            self.end_header(turn.wire, connection);
        }
        while let Some(connection) = self.opening.next_overdue(ticks_ms) {
            if self.link(connection).is_some_and(|link| link.is_opening()) {
                self.give_up(turn, connection, Ended::Timeout);
            }
        }
        while let Some(connection) = self.records.next_overdue(ticks_ms) {
            self.end_record(turn, connection);
        }
    }

    /// Closes the connections whose header is not whole: the node is stopping, and no session waits for them.
    pub fn close_preambles(&mut self, wire: &mut impl Wire) {
        for connection in self.preambles.take_all() {
            wire.close(connection, Close::Now);
        }
    }

    /// The time of a header is over, or another connection needs its place.
    pub(super) fn end_header(&mut self, wire: &mut impl Wire, connection: Connection) {
        if self.preambles.remove(connection) {
            self.counters.header_overdue += 1;
            wire.close(connection, Close::Now);
        }
    }

    /// The time of a record that a link had begun to take is over; meanwhile it may be whole, or another one may be coming.
    fn end_record<W: Wire>(&mut self, turn: &mut Turn<'_, W>, connection: Connection) {
        let ticks_ms = turn.now.ticks_ms();
        let Some(link) = link_in(&mut self.links, connection) else {
            return;
        };
        link.is_timed = false;
        match link.held_since_ms {
            None => {}
            Some(since_ms) if ticks_ms.saturating_sub(since_ms) >= RECORD_TIMEOUT_MS => {
                self.give_up(turn, connection, Ended::Timeout);
            }
            Some(_) => {
                link.is_timed = true;
                self.records.begin(connection, ticks_ms);
            }
        }
    }

    /// The peer has ended its stream.
    pub(super) fn end<W: Wire>(&mut self, turn: &mut Turn<'_, W>, connection: Connection) {
        turn.disconnect(connection);
        let ticks_ms = turn.now.ticks_ms();
        self.close(turn.wire, session_of(connection), true, ticks_ms);
    }

    /// A link cannot go on. An alert that is on its way is still sent.
    pub(super) fn lose<W: Wire>(
        &mut self,
        turn: &mut Turn<'_, W>,
        connection: Connection,
        error: LinkError,
    ) {
        self.unlink(connection, Some(Ended::Refused));
        if let LinkError::Failed(failure) = error {
            tracing::debug!(slot = connection.slot(), %failure, "TLS has failed");
            self.counters.end(Ended::Failed(failure));
        }
        turn.disconnect(connection);
        let is_alert_due = error != LinkError::NoRoom;
        self.shut(turn.wire, connection, is_alert_due, turn.now.ticks_ms());
    }

    /// Closes a connection without a word.
    pub(super) fn give_up<W: Wire>(
        &mut self,
        turn: &mut Turn<'_, W>,
        connection: Connection,
        why: Ended,
    ) {
        self.unlink(connection, None);
        self.counters.end(why);
        turn.disconnect(connection);
        turn.wire.close(connection, Close::Now);
    }

    /// Always false, for those who return it.
    pub(super) fn drop_now(&mut self, wire: &mut impl Wire, connection: Connection) -> bool {
        self.unlink(connection, Some(Ended::Refused));
        wire.close(connection, Close::Now);
        false
    }

    /// Takes a link out; one whose handshake was under way is counted as ended by `why`.
    pub(super) fn unlink(
        &mut self,
        connection: Connection,
        why: Option<Ended>,
    ) -> Option<Box<Link>> {
        self.link(connection)?;
        let link = self.links[connection.slot() as usize].take()?;
        self.counters.held_bytes -= link.held_bytes() as u64;
        if link.is_opening() {
            self.counters.opening -= 1;
            why.into_iter().for_each(|why| self.counters.end(why));
        }
        Some(link)
    }

    fn shut(&mut self, wire: &mut impl Wire, connection: Connection, flush: bool, ticks_ms: u64) {
        if flush {
            wire.close(connection, Close::AfterFlush);
            self.flushing.begin(connection, ticks_ms);
        } else {
            wire.close(connection, Close::Now);
        }
    }
}
