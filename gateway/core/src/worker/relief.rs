//! When memory for sending runs short: sessions whose clients have for a while taken none of what waits for them are ended, so that
//! those who read need not go.
//!
//! Invariant: a session for which `UNTAKEN_BYTES_MIN` or more wait is on the list, once.

use std::collections::VecDeque;

use ringpost_wire::ErrorCode;

use super::Worker;
use crate::SessionId;
use crate::limits::{RELIEF_VISITS_MAX, UNTAKEN_MS};

/// Listed sessions that are looked at for each new one: those that are over leave the list faster than it grows.
const VISITS_PER_NEW: usize = 2;

/// Sessions for which much waits, and since when, at the latest, nothing of it has been taken, in ticks (milliseconds).
#[derive(Debug, Default)]
pub(super) struct Untaken(VecDeque<(SessionId, u64)>);

/// What waits for a session, and for how long nothing of it has been taken.
struct Waiting {
    id: SessionId,
    bytes: usize,
    for_ms: u64,
}

impl Worker {
    /// More waits for a session's client.
    pub(super) fn note_untaken(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if !session.is_much_untaken() || session.is_untaken {
            return;
        }
        (session.is_untaken, session.has_taken) = (true, false);
        self.untaken.0.push_back((id, self.now.ticks_ms()));
        for _ in 0..VISITS_PER_NEW {
            self.next_untaken();
        }
    }

    /// Ends sessions that take nothing until `bytes` of what waits are dropped, or none of those looked at is such a one.
    pub(super) fn relieve(&mut self, bytes: usize) {
        let mut dropped_bytes = 0;
        for _ in 0..self.untaken.0.len().min(RELIEF_VISITS_MAX) {
            if dropped_bytes >= bytes {
                return;
            }
            let Some(waiting) = self.next_untaken() else {
                continue;
            };
            if waiting.for_ms >= UNTAKEN_MS {
                dropped_bytes += waiting.bytes;
                // What it was told would only wait behind the rest.
                self.close(waiting.id, ErrorCode::SlowConsumer, false);
            }
        }
    }

    /// Looks at the first of the list, which becomes the last; `None` if it is over, or little waits for it, and it has left the list.
    fn next_untaken(&mut self) -> Option<Waiting> {
        let (id, mut since_ms) = self.untaken.0.pop_front()?;
        let now_ms = self.now.ticks_ms();
        let session = self.sessions.get_mut(id)?;
        let bytes = session.queued_bytes as usize;
        if !session.is_much_untaken() {
            session.is_untaken = false;
            return None;
        }
        if core::mem::take(&mut session.has_taken) {
            since_ms = now_ms;
        }
        self.untaken.0.push_back((id, since_ms));
        let for_ms = now_ms - since_ms;
        Some(Waiting { id, bytes, for_ms })
    }
}
