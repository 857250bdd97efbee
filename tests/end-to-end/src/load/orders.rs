//! What a device is ordered to do, and how far it says it is.

use std::collections::BTreeSet;

use ringpost_wire::Seq;

/// Orders to one device; the last ones hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    /// Be connected.
    pub is_connected: bool,
    /// Open the pair's chat, if it is the sender's device that sends.
    pub may_open: bool,
    /// Send.
    pub is_sending: bool,
    /// Messages after which it sends no more.
    pub messages_max: u64,
    /// Read from the socket.
    pub is_reading: bool,
    /// Crash by chance, where the plan says so.
    pub may_crash: bool,
    /// Counts up: connect at once instead of waiting.
    pub wakes: u64,
    /// Counts up: leave the node and dial again.
    pub roams: u64,
    /// Dial only the node in this place of the list.
    pub only_node: Option<usize>,
    /// Stop and hand the log over.
    pub is_finished: bool,
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            is_connected: true,
            may_open: false,
            is_sending: false,
            messages_max: u64::MAX,
            is_reading: true,
            may_crash: true,
            wakes: 0,
            roams: 0,
            only_node: None,
            is_finished: false,
        }
    }
}

/// How far a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Its session is open.
    pub is_live: bool,
    /// The pair's chat is open.
    pub is_open: bool,
    /// Messages taken into the outbox.
    pub accepted: u64,
    /// Messages answered `Sent`.
    pub sent: u64,
    /// Messages kept by the application.
    pub kept: u64,
    /// Messages that wait in the outbox.
    pub outbox: usize,
    /// Every number of the chat up to this one is known here.
    pub passed: Seq,
    /// The highest number known.
    pub highest: Seq,
    /// Answers about messages that were stored before the session in which they were answered.
    pub answered_again: u64,
    /// Sessions and dials that ended otherwise than by order or crash.
    pub lost_sessions: u64,
    /// Crashes of the client.
    pub crashes: u64,
    /// It may crash again, and then takes back what it had not confirmed.
    pub may_crash: bool,
}

/// The numbers of a chat that a device knows, own and delivered.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pub(super) passed: Seq,
    ahead: BTreeSet<Seq>,
}

impl Numbers {
    pub(super) fn add(&mut self, seq: Seq) {
        if seq > self.passed {
            self.ahead.insert(seq);
        }
        while self.ahead.remove(&(self.passed + 1)) {
            self.passed += 1;
        }
    }

    pub(super) fn highest(&self) -> Seq {
        self.ahead.last().copied().unwrap_or(self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pass_only_what_is_dense() {
        let mut numbers = Numbers::default();
        for seq in [1, 2, 4, 5, 2] {
            numbers.add(seq);
        }
        assert_eq!((numbers.passed, numbers.highest()), (2, 5));
        numbers.add(3);
        assert_eq!((numbers.passed, numbers.highest()), (5, 5));
    }
}
