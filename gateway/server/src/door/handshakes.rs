//! Handshakes of TLS take turns: what comes for one waits until the loop has time for it, those that are begun first, then the newest.
//!
//! A handshake costs a hundred times what a message does. Invariant: a turn of the loop spends at most `HANDSHAKES_TURN_US` on them and
//! ends the one that it is at, however many have come; and they are begun at the worker's pace of sign-ins. Under more than that the
//! newest are served, whose clients still wait; those left over end with their time.

use std::time::{Duration, Instant};

use ringpost_gateway_ring::Connection;

use super::counters::Ended;
use super::doors::{Doors, Turn, link_in};
use super::limits::{
    HANDSHAKES_MAX, HANDSHAKES_PACE_MS, HANDSHAKES_TURN_US, HELD_BYTES_MAX, UNHEARD_BYTES_MAX,
};
use super::wire::Wire;

/// The handshakes of one core for which bytes have come, and some that are over.
#[derive(Debug, Default)]
pub struct Handshakes {
    begun: Vec<Connection>,
    fresh: Vec<Connection>,
    /// Only fresh ones wait, and none of them may be begun yet.
    is_paced: bool,
}

impl Handshakes {
    /// How long the loop may sleep; `None` for as long as it likes.
    pub fn wait(&self) -> Option<Duration> {
        match (self.count() == 0, self.is_paced) {
            (true, _) => None,
            (false, true) => Some(Duration::from_millis(HANDSHAKES_PACE_MS)),
            (false, false) => Some(Duration::ZERO),
        }
    }

    fn count(&self) -> usize {
        self.begun.len() + self.fresh.len()
    }
}

impl Doors {
    /// Until when the loop may sleep for the sake of handshakes that wait; `None` where none does.
    pub fn handshakes_wait(&self) -> Option<Duration> {
        self.handshakes.wait()
    }

    /// Something came for a handshake: it waits for its turn.
    pub(super) fn keep_for_handshake<W: Wire>(
        &mut self,
        turn: &mut Turn<'_, W>,
        connection: Connection,
        bytes: &[u8],
    ) {
        let Some(link) = link_in(&mut self.links, connection) else {
            return;
        };
        let (is_first, unheard_bytes) = link.keep(bytes);
        self.counters.held_bytes += bytes.len() as u64;
        let is_full = self.counters.held_bytes > HELD_BYTES_MAX as u64;
        if unheard_bytes > UNHEARD_BYTES_MAX || is_full {
            return self.give_up(turn, connection, Ended::Crowded);
        }
        if is_first {
            let has_begun = link.has_begun;
            self.forget_handshakes_that_are_over();
            self.handshakes.is_paced &= !has_begun;
            match has_begun {
                true => self.handshakes.begun.push(connection),
                false => self.handshakes.fresh.push(connection),
            }
        }
    }

    fn forget_handshakes_that_are_over(&mut self) {
        if self.handshakes.count() >= 2 * HANDSHAKES_MAX {
            let links = &mut self.links;
            let mut is_there = |waiting: &Connection| link_in(links, *waiting).is_some();
            self.handshakes.begun.retain(&mut is_there);
            self.handshakes.fresh.retain(&mut is_there);
        }
    }

    /// Goes on with handshakes for which something has come, as far as this turn has time.
    pub fn work_handshakes<W: Wire>(&mut self, turn: &mut Turn<'_, W>) {
        if self.handshakes.count() == 0 {
            return;
        }
        let started = Instant::now();
        while let Some(connection) = self.next_handshake(turn) {
            let Some(link) = link_in(&mut self.links, connection) else {
                continue;
            };
            link.has_begun = true;
            let bytes = link.take_unheard();
            self.counters.held_bytes -= bytes.len() as u64;
            self.hear(turn, connection, &bytes);
            if started.elapsed().as_micros() >= HANDSHAKES_TURN_US {
                return;
            }
        }
    }

    /// The next one to go on with; `None` where none waits, or the pace lets none begin. It may be over.
    fn next_handshake<W: Wire>(&mut self, turn: &mut Turn<'_, W>) -> Option<Connection> {
        self.handshakes.is_paced = false;
        if let Some(connection) = self.handshakes.begun.pop() {
            return Some(connection);
        }
        let connection = self.handshakes.fresh.pop()?;
        let is_there = link_in(&mut self.links, connection).is_some();
        if is_there && !turn.worker.may_begin_tls(turn.now) {
            self.handshakes.fresh.push(connection);
            self.handshakes.is_paced = true;
            return None;
        }
        Some(connection)
    }
}
