//! Connections that must have come to something within a fixed time: to the end of a handshake, of a record, of a flush.
//!
//! Input: beginnings, in the order of their times. Output: which are overdue, whether they have come to it or not: the caller asks.

use std::collections::VecDeque;

use ringpost_gateway_ring::Connection;

/// Connections of one core that have the same time.
#[derive(Debug)]
pub struct Deadlines {
    timeout_ms: u64,
    waiting: VecDeque<(u64, Connection)>,
}

impl Deadlines {
    /// Each has `timeout_ms`.
    pub fn new(timeout_ms: u64) -> Self {
        Self {
            timeout_ms,
            waiting: VecDeque::new(),
        }
    }

    /// The time of a connection begins.
    pub fn begin(&mut self, connection: Connection, ticks_ms: u64) {
        let due_ms = ticks_ms + self.timeout_ms;
        self.waiting.push_back((due_ms, connection));
    }

    /// The next connection whose time is over.
    pub fn next_overdue(&mut self, ticks_ms: u64) -> Option<Connection> {
        let (due_ms, _) = *self.waiting.front()?;
        (due_ms <= ticks_ms).then(|| self.take_oldest())?
    }

    /// The connection whose time is over first.
    pub fn take_oldest(&mut self) -> Option<Connection> {
        self.waiting.pop_front().map(|(_, connection)| connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_overdue_once_and_in_order() {
        let (one, two) = (Connection::from_u64(1), Connection::from_u64(2));
        let mut deadlines = Deadlines::new(100);
        deadlines.begin(one, 10);
        deadlines.begin(two, 20);
        assert_eq!(deadlines.next_overdue(109), None);
        assert_eq!(deadlines.next_overdue(110), Some(one));
        assert_eq!(deadlines.next_overdue(110), None);
        assert_eq!(deadlines.next_overdue(199), Some(two));
        assert_eq!(deadlines.take_oldest(), None);
    }
}
