//! What a core's doors count.

use ringpost_gateway_tls::Failure;
use ringpost_gateway_tls::proxy::ProxyError;

/// How a connection with TLS ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// TLS failed.
    Failed(Failure),
    /// The handshake, or a record, took too long.
    Timeout,
    /// Another handshake took its place, or a record found no memory.
    Crowded,
    /// The peer went away during the handshake.
    Abandoned,
    /// The node closed it during the handshake: the table was full, or it was stopping.
    Refused,
}

impl Ended {
    /// Every end, in the order of metrics.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [Self::Timeout, Self::Crowded, Self::Abandoned, Self::Refused];
        Failure::ALL.into_iter().map(Self::Failed).chain(others)
    }

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed(failure) => failure.name(),
            Self::Timeout => "timeout",
            Self::Crowded => "crowded",
            Self::Abandoned => "abandoned",
            Self::Refused => "refused",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Failed(failure) => failure as usize,
            Self::Timeout => Failure::ALL.len(),
            Self::Crowded => Failure::ALL.len() + 1,
            Self::Abandoned => Failure::ALL.len() + 2,
            Self::Refused => Failure::ALL.len() + 3,
        }
    }
}

/// Totals since the start, and how many handshakes are under way.
#[derive(Clone, Debug, Default)]
pub struct DoorCounters {
    /// Handshakes that came to their end, by version (1.2, 1.3) and whether a ticket shortened them (no, yes).
    pub handshakes: [[u64; 2]; 2],
    /// Connections that a balancer has introduced.
    pub introduced: u64,
    /// Connections of balancers that were closed for what they began with, by `ProxyError`.
    pub not_introduced: [u64; ProxyError::ALL.len()],
    /// The same for those whose header did not come in time, or whose place another took.
    pub header_overdue: u64,
    /// Handshakes under way.
    pub opening: u64,
    /// Bytes of records that are not whole.
    pub held_bytes: u64,
    ended: [u64; Failure::ALL.len() + 4],
}

impl DoorCounters {
    /// Counts an end.
    pub fn end(&mut self, ended: Ended) {
        self.ended[ended.index()] += 1;
    }

    /// How many ended so.
    pub fn ended(&self, ended: Ended) -> u64 {
        self.ended[ended.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_a_place_of_its_own() {
        let mut counters = DoorCounters::default();
        Ended::all().for_each(|ended| counters.end(ended));
        assert!(Ended::all().all(|ended| counters.ended(ended) == 1));
        assert_eq!(Ended::all().count(), counters.ended.len());
    }
}
