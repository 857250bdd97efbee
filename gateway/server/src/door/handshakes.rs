//! Handshakes of TLS take turns: what comes for one waits until the loop has time for it, the newest first.
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
    waiting: Vec<Connection>,
    is_paced: bool,
}

impl Handshakes {
    /// How long the loop may sleep; `None` for as long as it likes.
    pub fn wait(&self) -> Option<Duration> {
        match (self.waiting.is_empty(), self.is_paced) {
            (true, _) => None,
            (false, true) => Some(Duration::from_millis(HANDSHAKES_PACE_MS)),
            (false, false) => Some(Duration::ZERO),
        }
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
            if self.handshakes.waiting.len() >= 2 * HANDSHAKES_MAX {
                let links = &mut self.links;
                self.handshakes
                    .waiting
                    .retain(|waiting| link_in(links, *waiting).is_some());
            }
            self.handshakes.waiting.push(connection);
        }
    }

    /// Goes on with handshakes for which something has come, as far as this turn has time.
    pub fn work_handshakes<W: Wire>(&mut self, turn: &mut Turn<'_, W>) {
        if self.handshakes.waiting.is_empty() {
            return;
        }
        let started = Instant::now();
        let mut paced = Vec::new();
        let mut may_begin = true;
        while let Some(connection) = self.handshakes.waiting.pop() {
            let Some(link) = link_in(&mut self.links, connection) else {
                continue;
            };
            if !link.has_begun {
                may_begin = may_begin && turn.worker.may_begin_tls(turn.now);
                if !may_begin {
                    paced.push(connection);
                    continue;
                }
            }
            link.has_begun = true;
            let bytes = link.take_unheard();
            self.counters.held_bytes -= bytes.len() as u64;
            self.hear(turn, connection, &bytes);
            if started.elapsed().as_micros() >= HANDSHAKES_TURN_US {
                break;
            }
        }
        self.handshakes.is_paced = self.handshakes.waiting.is_empty();
        self.handshakes.waiting.extend(paced.into_iter().rev());
    }
}
