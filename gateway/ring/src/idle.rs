//! Idle sockets: one from which nothing came for a while waits with a poll (256 bytes in the kernel) instead of a
//! multishot receive (863 bytes). Input: the sweep's clock and polls that fired; output: what the slot's receive should be.
//! Invariant: a dormant socket has a poll in flight or on its way, so its next byte, or its end, is still seen.

use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::driver::Driver;
use crate::slab::{Receive, State};

/// Parts in which the table is looked at, at least, and sockets of a part, at most: a large table does not stall a turn.
const PARTS_MIN: u32 = 64;
const PART_SLOTS_MAX: u32 = 128;

/// Walks the table once in each period; a socket that received nothing between two visits becomes dormant.
pub(crate) struct IdleSweep {
    period: Duration,
    next_at: Instant,
    /// Where the next part begins.
    start: u32,
}

impl IdleSweep {
    pub(crate) fn new(period: Duration) -> Self {
        Self {
            period,
            next_at: Instant::now() + period / PARTS_MIN,
            start: 0,
        }
    }
}

impl Driver {
    /// When the next part is due; none while there is no socket to look at.
    pub(crate) fn next_sweep(&self) -> Option<Instant> {
        (self.open_connections > 0).then_some(self.idle_sweep.next_at)
    }

    /// Looks at the part of the table that is due.
    pub(crate) fn sweep_idle(&mut self, now: Instant) {
        if self.open_connections == 0 || now < self.idle_sweep.next_at {
            return;
        }
        let slots = self.slab.len();
        let parts = slots.div_ceil(PART_SLOTS_MAX).max(PARTS_MIN);
        let start = self.idle_sweep.start;
        let end = slots.min(start + slots.div_ceil(parts));
        self.idle_sweep.next_at = now + self.idle_sweep.period / parts;
        self.idle_sweep.start = if end == slots { 0 } else { end };
        for index in start..end {
            self.visit(index);
        }
    }

    fn visit(&mut self, index: u32) {
        let slot = self.slab.at(index);
        if slot.state != State::Open || slot.receive != Receive::Multishot {
            return;
        }
        if slot.has_received {
            slot.has_received = false;
            return;
        }
        slot.is_dormant = true;
        self.list(index);
    }

    /// Bytes or the end have come, or the poll was cancelled: either way a receive takes over.
    pub(crate) fn poll_completed(&mut self, connection: Connection) {
        if !self.end_operation(connection) {
            return;
        }
        if let Some(slot) = self.slab.get_mut(connection) {
            slot.receive = Receive::None;
            slot.is_dormant = false;
            // The visit after this one starts a new period.
            slot.has_received = true;
        }
        self.list(connection.slot());
    }
}
