//! Decides when a flush begins and up to which record, from the age of commits and the memory that they hold.

use std::collections::VecDeque;

use crate::overlay::Walk;

/// Commits of so long share one mark, in milliseconds.
const MARK_MS: u64 = 100;

/// When and how far to flush.
#[derive(Debug)]
pub(crate) struct FlushPlan {
    flush_age_ms: u64,
    overlay_bytes_max: usize,
    marks: VecDeque<Mark>,
    last_begin_ms: u64,
    /// The flush that is under way.
    pub pass: Option<Pass>,
}

/// Records that were committed in the `MARK_MS` from `begin_ms` on, and all before.
#[derive(Clone, Copy, Debug)]
struct Mark {
    begin_ms: u64,
    record: u64,
}

/// One flush: everything up to `bound`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    /// The last record whose writes are flushed by it.
    pub bound: u64,
    /// How far it has come.
    pub walk: Walk,
    /// Something was flushed.
    pub is_effective: bool,
}

impl FlushPlan {
    pub fn new(flush_age_ms: u64, overlay_bytes_max: usize) -> Self {
        Self {
            flush_age_ms,
            overlay_bytes_max,
            marks: VecDeque::new(),
            last_begin_ms: 0,
            pass: None,
        }
    }

    /// A record was committed.
    pub fn committed(&mut self, record: u64, now_ms: u64) {
        match self.marks.back_mut() {
            Some(mark) if now_ms < mark.begin_ms + MARK_MS => mark.record = record,
            _ => self.marks.push_back(Mark {
                begin_ms: now_ms,
                record,
            }),
        }
    }

    /// Begins a flush when one is due. From half of the budget on it takes younger writes, from three quarters on all.
    pub fn begin_if_due(&mut self, now_ms: u64, overlay_bytes: usize) {
        if self.pass.is_some() {
            return;
        }
        let is_pressing = overlay_bytes >= self.overlay_bytes_max / 4 * 3;
        let is_half_full = overlay_bytes >= self.overlay_bytes_max / 2;
        if !is_half_full && now_ms < self.next_begin_ms() {
            return;
        }
        let age_ms = match (is_pressing, is_half_full) {
            (true, _) => None,
            (false, true) => Some(self.flush_age_ms / 4),
            (false, false) => Some(self.flush_age_ms),
        };
        let due =
            self.marks.iter().rev().find(|mark| {
                age_ms.is_none_or(|age_ms| mark.begin_ms + MARK_MS + age_ms <= now_ms)
            });
        if let Some(bound) = due.map(|mark| mark.record) {
            self.begin(bound, now_ms);
        }
    }

    /// Begins a flush of everything up to `bound`.
    pub fn begin(&mut self, bound: u64, now_ms: u64) {
        self.last_begin_ms = now_ms;
        self.marks.retain(|mark| mark.record > bound);
        self.pass = Some(Pass {
            bound,
            walk: Walk::Ranges(None),
            is_effective: false,
        });
    }

    /// When the next flush is due by age; `None` when nothing waits.
    pub fn due_ms(&self) -> Option<u64> {
        let oldest = self.marks.front()?;
        Some((oldest.begin_ms + MARK_MS + self.flush_age_ms).max(self.next_begin_ms()))
    }

    /// Flushes end with syncs: they keep a distance.
    fn next_begin_ms(&self) -> u64 {
        self.last_begin_ms + self.flush_age_ms / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(plan: &mut FlushPlan, now_ms: u64, overlay_bytes: usize) -> Option<u64> {
        plan.begin_if_due(now_ms, overlay_bytes);
        plan.pass.take().map(|pass| pass.bound)
    }

    #[test]
    fn a_flush_takes_what_is_old_enough() {
        let mut plan = FlushPlan::new(5_000, 1_000);
        plan.committed(1, 10_000);
        plan.committed(2, 10_050);
        plan.committed(3, 10_100);
        assert_eq!(bound(&mut plan, 15_099, 0), None);
        assert_eq!(plan.due_ms(), Some(15_100));
        assert_eq!(bound(&mut plan, 15_100, 0), Some(2));
        assert_eq!(bound(&mut plan, 15_300, 0), None, "too soon after the last");
        assert_eq!(bound(&mut plan, 17_600, 0), Some(3));
        assert_eq!(plan.due_ms(), None);
    }

    #[test]
    fn a_full_overlay_does_not_wait_for_age() {
        let mut plan = FlushPlan::new(5_000, 1_000);
        plan.committed(1, 10_000);
        plan.committed(2, 11_500);
        assert_eq!(bound(&mut plan, 11_500, 499), None);
        assert_eq!(bound(&mut plan, 11_500, 500), Some(1));
        assert_eq!(bound(&mut plan, 11_500, 750), Some(2));
    }
}
