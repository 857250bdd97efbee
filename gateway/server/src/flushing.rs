//! Sockets that were closed and still send what was written to them. A peer that does not read keeps no socket for longer than
//! `limits::FLUSH_TIMEOUT_MS`.
//!
//! Input: closes, in the order of their times. Output: which are overdue.

use std::collections::VecDeque;

use ringpost_gateway_core::SessionId;
use ringpost_gateway_core::limits::FLUSH_TIMEOUT_MS;

/// The sockets of one core that flush, or did.
#[derive(Debug, Default)]
pub struct Flushing(VecDeque<(u64, SessionId)>);

impl Flushing {
    /// A socket begins to flush at `ticks_ms`.
    pub fn begin(&mut self, session: SessionId, ticks_ms: u64) {
        self.0.push_back((ticks_ms + FLUSH_TIMEOUT_MS, session));
    }

    /// The next socket whose time is over, whether it has flushed or not.
    pub fn next_overdue(&mut self, ticks_ms: u64) -> Option<SessionId> {
        let (due_ms, session) = *self.0.front()?;
        if due_ms > ticks_ms {
            return None;
        }
        self.0.pop_front();
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_overdue_once_and_in_order() {
        let session = |slot| SessionId {
            slot,
            generation: 1,
        };
        let mut flushing = Flushing::default();
        flushing.begin(session(1), 10);
        flushing.begin(session(2), 20);
        assert_eq!(flushing.next_overdue(FLUSH_TIMEOUT_MS + 9), None);
        assert_eq!(
            flushing.next_overdue(FLUSH_TIMEOUT_MS + 10),
            Some(session(1))
        );
        assert_eq!(flushing.next_overdue(FLUSH_TIMEOUT_MS + 10), None);
        assert_eq!(
            flushing.next_overdue(FLUSH_TIMEOUT_MS + 99),
            Some(session(2))
        );
    }
}
