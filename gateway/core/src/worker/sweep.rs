//! Work over all sessions, a bounded number a turn: telling those of overflowed shards, asking all to go, closing them.

use ringpost_wire::{ErrorCode, GoAway};

use super::Worker;
use crate::limits::{SWEEP_INTERVAL_MS, SWEEP_SESSIONS};
use crate::session::Phase;
use crate::{SessionId, ShardSet};

/// The sweeps under way.
#[derive(Default)]
pub(super) struct Sweeps {
    overflow: Option<(Box<ShardSet>, u32)>,
    overflow_waiting: Option<Box<ShardSet>>,
    drain: Option<Drain>,
    next_turn_ms: u64,
}

/// A drain: first all are asked to go, then all are closed.
#[derive(Clone, Copy)]
struct Drain {
    asking: Option<u32>,
    closing: Option<u32>,
    close_at_ms: u64,
}

impl Sweeps {
    pub(super) fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// When the next turn is due, in ticks (milliseconds).
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        let overflow = self.overflow.is_some().then_some(self.next_turn_ms);
        let drain = self.drain.and_then(|drain| {
            let asking = drain.asking.map(|_| self.next_turn_ms);
            let closing = drain
                .closing
                .map(|_| drain.close_at_ms.max(self.next_turn_ms));
            asking.or(closing)
        });
        overflow.into_iter().chain(drain).min()
    }
}

impl Worker {
    pub(super) fn drain(&mut self, delay_ms: u32) {
        let close_at_ms = self.now.ticks_ms() + u64::from(delay_ms);
        match &mut self.sweeps.drain {
            Some(drain) => drain.close_at_ms = drain.close_at_ms.min(close_at_ms),
            None => {
                self.sweeps.drain = Some(Drain {
                    asking: Some(0),
                    closing: Some(0),
                    close_at_ms,
                });
            }
        }
        self.sweeps.next_turn_ms = self.now.ticks_ms();
        self.sweep();
    }

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

    fn sweep_drain_turn(&mut self) {
        let Some(mut drain) = self.sweeps.drain else {
            return;
        };
        let ticks_ms = self.now.ticks_ms();
        if let Some(from) = drain.asking {
            let delay_ms = drain.close_at_ms.saturating_sub(ticks_ms) as u32;
            drain.asking = self.visit(from, |worker, id| worker.ask_to_go(id, delay_ms));
        } else if let Some(from) = drain.closing
            && ticks_ms >= drain.close_at_ms
        {
            drain.closing = self.visit(from, |worker, id| {
                worker.fail(id, ErrorCode::Draining, "");
            });
        }
        self.sweeps.drain = Some(drain);
    }

    /// Calls `visit` for the sessions of the next slots. Answers where to go on, `None` at the end.
    fn visit(&mut self, from: u32, mut visit: impl FnMut(&mut Self, SessionId)) -> Option<u32> {
        let end = self.sessions.slots().min(from + SWEEP_SESSIONS);
        for slot in from..end {
            if let Some(id) = self.sessions.at(slot) {
                visit(self, id);
            }
        }
        (end < self.sessions.slots()).then_some(end)
    }

    fn ask_to_go(&mut self, id: SessionId, delay_ms: u32) {
        let Some(session) = self.sessions.get_mut(id).filter(|s| s.phase == Phase::Live) else {
            return;
        };
        session.phase = Phase::Draining;
        let target = "";
        self.write_control(id, |out| GoAway { target, delay_ms }.encode(out));
    }

    /// A session that became live during a drain is asked to go at once.
    pub(super) fn ask_late_comer_to_go(&mut self, id: SessionId) {
        if let Some(drain) = self.sweeps.drain {
            let left_ms = drain.close_at_ms.saturating_sub(self.now.ticks_ms());
            match drain.closing {
                Some(_) => self.ask_to_go(id, left_ms as u32),
                None => self.fail(id, ErrorCode::Draining, ""),
            }
        }
    }
}
