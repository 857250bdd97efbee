//! How long a lane waits after failures in a row, and when it says that it cannot work. Times are milliseconds.

const DELAY_MS: u64 = 5;
const DELAY_MS_MAX: u64 = 2_000;
/// Failures in a row after which the lane says that it cannot work.
const FAILURES_MAX: u32 = 6;
/// Time from the first to a later failure in a row after which it says so too: a store that is gone fails slowly.
const FAILING_MS_MAX: u64 = 2_000;

/// Failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    /// When the first failure in a row was.
    since_ms: u64,
    /// When the last one was.
    failed_ms: u64,
    conflicts: u32,
    until_ms: u64,
}

impl Backoff {
    /// The store refused or could not be reached; it asks to wait `retry_after_ms`.
    pub(super) fn fail(&mut self, now_ms: u64, retry_after_ms: u64) {
        if self.failures == 0 {
            self.since_ms = now_ms;
        }
        self.failed_ms = now_ms;
        self.failures = self.failures.saturating_add(1);
        let delay_ms = doubled(self.failures).max(retry_after_ms.min(DELAY_MS_MAX));
        self.until_ms = now_ms + delay_ms;
    }

    /// A commit was refused: the first in a row is tried again at once.
    pub(super) fn conflict(&mut self, now_ms: u64) {
        self.conflicts = self.conflicts.saturating_add(1);
        if self.conflicts > 1 {
            self.until_ms = now_ms + doubled(self.conflicts - 1);
        }
    }

    /// The store gave a version and rows: it works.
    pub(super) fn reached(&mut self) {
        self.failures = 0;
    }

    /// A commit took effect.
    pub(super) fn committed(&mut self) {
        self.failures = 0;
        self.conflicts = 0;
    }

    pub(super) fn until_ms(&self) -> u64 {
        self.until_ms
    }

    pub(super) fn is_hopeless(&self) -> bool {
        let failing_ms = self.failed_ms.saturating_sub(self.since_ms);
        self.failures >= FAILURES_MAX || (self.failures > 1 && failing_ms >= FAILING_MS_MAX)
    }
}

fn doubled(failures: u32) -> u64 {
    (DELAY_MS << failures.min(16)).min(DELAY_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_limit_and_end_with_a_success() {
        let mut backoff = Backoff::default();
        let delays: Vec<u64> = (0..12)
            .map(|_| {
                backoff.fail(100, 0);
                backoff.until_ms() - 100
            })
            .collect();
        assert!(delays.is_sorted());
        assert_eq!((delays[0], delays[11]), (10, DELAY_MS_MAX));
        assert!(backoff.is_hopeless());
        backoff.committed();
        assert!(!backoff.is_hopeless());
        backoff.fail(100, 0);
        assert_eq!(backoff.until_ms(), 110);
    }

    #[test]
    fn failures_that_come_slowly_are_hopeless_sooner() {
        let mut backoff = Backoff::default();
        backoff.fail(1_000, 0);
        backoff.fail(2_999, 0);
        assert!(!backoff.is_hopeless());
        backoff.fail(3_000, 0);
        assert!(backoff.is_hopeless());
        backoff.reached();
        assert!(!backoff.is_hopeless());
        backoff.fail(9_000, 0);
        assert!(!backoff.is_hopeless());
    }

    #[test]
    fn the_first_conflict_is_tried_again_at_once() {
        let mut backoff = Backoff::default();
        backoff.conflict(100);
        assert_eq!(backoff.until_ms(), 0);
        backoff.conflict(100);
        assert!(backoff.until_ms() > 100);
    }

    #[test]
    fn the_store_may_ask_for_longer() {
        let mut backoff = Backoff::default();
        backoff.fail(100, 700);
        assert_eq!(backoff.until_ms(), 800);
    }
}
