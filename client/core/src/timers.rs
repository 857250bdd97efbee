//! The machine's timers: at most one time for each purpose; the earliest is the machine's deadline.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_wire::ChatId;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The backoff is over: connect.
    Dial,
    /// The connection did not open, or no `Welcome` came.
    Handshake,
    /// Nothing was sent for a heartbeat.
    Ping,
    /// No answer to a heartbeat.
    Pong,
    /// Answers are due and none came for a while.
    Answer,
    /// Answers are due and none came for too long.
    Overdue,
    /// `GoAway`: leave now.
    Leave,
    /// Acknowledgements are due.
    Ack,
    /// Look at the pending chats again.
    List,
    /// Pages may be asked for again.
    Reader,
    /// Open chats again.
    Open,
    /// A number of the chat is missing for too long.
    Gap(ChatId),
    /// Sends of the chat may go on.
    Lane(ChatId),
}

/// All timers that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    by_time: BTreeSet<(u64, Timer)>,
    times: BTreeMap<Timer, u64>,
}

impl Timers {
    /// Sets `timer` to `at_ms`, whatever it was set to before.
    pub(crate) fn set(&mut self, timer: Timer, at_ms: u64) {
        self.clear(timer);
        self.times.insert(timer, at_ms);
        self.by_time.insert((at_ms, timer));
    }

    /// Sets `timer` unless it is set.
    pub(crate) fn set_if_clear(&mut self, timer: Timer, at_ms: u64) {
        if !self.times.contains_key(&timer) {
            self.set(timer, at_ms);
        }
    }

    /// Sets `timer` unless it is set to a later time.
    pub(crate) fn set_later(&mut self, timer: Timer, at_ms: u64) {
        if self.times.get(&timer).is_none_or(|set_ms| *set_ms < at_ms) {
            self.set(timer, at_ms);
        }
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        if let Some(at_ms) = self.times.remove(&timer) {
            self.by_time.remove(&(at_ms, timer));
        }
    }

    /// Whether `timer` is set.
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.times.contains_key(&timer)
    }

    /// The earliest time.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.by_time.first().map(|(at_ms, _)| *at_ms)
    }

    /// Takes out the earliest timer whose time has come.
    pub(crate) fn pop_due(&mut self, now_ms: u64) -> Option<Timer> {
        let (at_ms, timer) = *self.by_time.first()?;
        if at_ms > now_ms {
            return None;
        }
        self.clear(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_a_new_time_replaces_the_old() {
        let mut timers = Timers::default();
        timers.set(Timer::Ping, 50);
        timers.set(Timer::Ack, 20);
        timers.set_if_clear(Timer::Ack, 5);
        timers.set(Timer::Ping, 10);
        assert_eq!(timers.next_ms(), Some(10));
        assert_eq!(timers.pop_due(9), None);
        assert_eq!(timers.pop_due(20), Some(Timer::Ping));
        assert_eq!(timers.pop_due(20), Some(Timer::Ack));
        assert_eq!(timers.next_ms(), None);
        assert!(!timers.is_set(Timer::Ping));
    }
}
