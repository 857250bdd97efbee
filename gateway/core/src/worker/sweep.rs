//! Work over all sessions, a bounded number a turn: telling those of overflowed shards, and the turns of a drain.

use super::Worker;
use super::drain::Drain;
use crate::limits::{SWEEP_INTERVAL_MS, SWEEP_SESSIONS};
use crate::{SessionId, ShardSet};

/// The sweeps under way.
#[derive(Default)]
pub(super) struct Sweeps {
    overflow: Option<(Box<ShardSet>, u32)>,
    overflow_waiting: Option<Box<ShardSet>>,
    pub(super) drain: Option<Drain>,
    pub(super) next_turn_ms: u64,
}

impl Sweeps {
    pub(super) fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// When the next turn is due, in ticks (milliseconds).
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        let overflow = self.overflow.is_some().then_some(self.next_turn_ms);
        let drain = self
            .drain
            .and_then(|drain| drain.deadline_ms(self.next_turn_ms));
        overflow.into_iter().chain(drain).min()
    }
}

impl Worker {
    /// Deliveries to sessions of users of these shards were left out.
    pub(super) fn sweep_overflowed(&mut self, shards: Box<ShardSet>) {
        if self.sweeps.overflow.is_none() {
            self.sweeps.overflow = Some((shards, 0));
            return;
        }
        match &mut self.sweeps.overflow_waiting {
            Some(waiting) => waiting.unite(&shards),
            None => self.sweeps.overflow_waiting = Some(shards),
        }
    }

    /// Takes the turns that are due.
    pub(super) fn sweep(&mut self) {
        let ticks_ms = self.now.ticks_ms();
        if self.sweeps.deadline_ms().is_none_or(|due| due > ticks_ms) {
            return;
        }
        self.sweeps.next_turn_ms = ticks_ms + SWEEP_INTERVAL_MS;
        self.sweep_overflow_turn();
        self.sweep_drain_turn();
    }

    fn sweep_overflow_turn(&mut self) {
        let Some((shards, from)) = self.sweeps.overflow.take() else {
            return;
        };
        let next = self.visit(from, |worker, id| {
            let session = worker.sessions.get(id);
            if session.is_some_and(|session| shards.contains(session.device.user.shard())) {
                worker.fall_behind_everywhere(id);
            }
        });
        self.sweeps.overflow = match next {
            Some(next) => Some((shards, next)),
            None => self
                .sweeps
                .overflow_waiting
                .take()
                .map(|shards| (shards, 0)),
        };
    }

    /// Calls `visit` for the sessions of the next slots. Answers where to go on, `None` at the end.
    fn visit(&mut self, from: u32, visit: impl FnMut(&mut Self, SessionId)) -> Option<u32> {
        let slots = self.sessions.slots();
        let end = self.visit_until(slots, from, visit);
        (end < slots).then_some(end)
    }

    /// Calls `visit` for the sessions of the next slots before `end`. Answers where to go on.
    pub(super) fn visit_until(
        &mut self,
        end: u32,
        from: u32,
        mut visit: impl FnMut(&mut Self, SessionId),
    ) -> u32 {
        let end = end.min(from.saturating_add(SWEEP_SESSIONS)).max(from);
        for slot in from..end {
            if let Some(id) = self.sessions.at(slot) {
                visit(self, id);
            }
        }
        end
    }
}
