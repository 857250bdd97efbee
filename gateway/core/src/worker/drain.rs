//! Leaving: sessions are asked to go one after the other, in the order of their slots, and each is closed after its delay, so
//! that they do not all come to another node at once.
//!
//! Invariant: no session is closed before it was asked, and all are closed by the end that the first order gave, or earlier.

use ringpost_wire::{ErrorCode, GoAway};

use super::Worker;
use crate::SessionId;
use crate::limits::DRAIN_SESSION_MS_MAX;
use crate::session::Phase;

/// A drain under way. Slots below `asked` were asked to go, those below `closed` are closed.
#[derive(Clone, Copy)]
pub(super) struct Drain {
    slots: u32,
    asked: u32,
    closed: u32,
    begun_ms: u64,
    spread_ms: u64,
    delay_ms: u64,
}

impl Drain {
    /// When the next turn is due, in ticks (milliseconds), and not before `next_turn_ms`; `None` when all is done.
    pub(super) fn deadline_ms(&self, next_turn_ms: u64) -> Option<u64> {
        if self.asked < self.slots {
            return Some(next_turn_ms);
        }
        let closes_ms = self.closes_ms(self.closed);
        (self.closed < self.slots).then(|| closes_ms.max(next_turn_ms))
    }

    /// When the last session is closed.
    fn ends_ms(&self) -> u64 {
        self.closes_ms(self.slots)
    }

    /// When the session in this slot is closed.
    fn closes_ms(&self, slot: u32) -> u64 {
        let share = u64::from(slot) * self.spread_ms / u64::from(self.slots.max(1));
        self.begun_ms + share + self.delay_ms
    }

    /// Slots whose time has come `elapsed_ms` after the beginning: the first at once, the last when the spread is over.
    fn due(&self, elapsed_ms: u64) -> u32 {
        let slots = u64::from(self.slots);
        let begun = (slots * elapsed_ms).checked_div(self.spread_ms);
        begun.map_or(self.slots, |begun| (begun + 1).min(slots) as u32)
    }
}

impl Worker {
    pub(super) fn drain(&mut self, spread_ms: u32, delay_ms: u32) {
        let slots = self.sessions.slots();
        let longest_ms = u64::from(slots) * DRAIN_SESSION_MS_MAX;
        let earlier = self.sweeps.drain;
        let drain = Drain {
            slots,
            asked: earlier.map_or(0, |earlier| earlier.asked),
            closed: earlier.map_or(0, |earlier| earlier.closed),
            begun_ms: self.now.ticks_ms(),
            spread_ms: u64::from(spread_ms).min(longest_ms),
            delay_ms: u64::from(delay_ms),
        };
        if earlier.is_none_or(|earlier| drain.ends_ms() < earlier.ends_ms()) {
            self.sweeps.drain = Some(drain);
        }
        self.sweeps.next_turn_ms = self.now.ticks_ms();
        self.sweep();
    }

    pub(super) fn sweep_drain_turn(&mut self) {
        let Some(mut drain) = self.sweeps.drain else {
            return;
        };
        let elapsed_ms = self.now.ticks_ms() - drain.begun_ms;
        let delay_ms = drain.delay_ms as u32;
        drain.asked = self.visit_until(drain.due(elapsed_ms), drain.asked, |worker, id| {
            worker.ask_to_go(id, delay_ms);
        });
        if let Some(since_first_ms) = elapsed_ms.checked_sub(drain.delay_ms) {
            let due = drain.due(since_first_ms).min(drain.asked);
            drain.closed = self.visit_until(due, drain.closed, |worker, id| {
                worker.fail(id, ErrorCode::Draining, "");
            });
        }
        self.sweeps.drain = Some(drain);
    }

    fn ask_to_go(&mut self, id: SessionId, delay_ms: u32) {
        let Some(session) = self.sessions.get_mut(id).filter(|s| s.phase == Phase::Live) else {
            return;
        };
        session.phase = Phase::Draining;
        let target = "";
        self.write_control(id, |out| GoAway { target, delay_ms }.encode(out));
    }

    /// A session that became live during a drain, when others in its place had been asked, is asked to go at once.
    pub(super) fn ask_late_comer_to_go(&mut self, id: SessionId) {
        let Some(drain) = self.sweeps.drain else {
            return;
        };
        if id.slot < drain.closed {
            self.fail(id, ErrorCode::Draining, "");
        } else if id.slot < drain.asked {
            let left_ms = drain.closes_ms(id.slot).saturating_sub(self.now.ticks_ms());
            self.ask_to_go(id, left_ms as u32);
        }
    }
}
