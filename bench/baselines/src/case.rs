//! `Case`: how many connections, and how many frames in flight on each; written `100x16`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Connections at most: servers without direct descriptors need one open file for each, and 20,000 is a common limit.
const CONNECTIONS_MAX: usize = 19_000;

/// Frames in flight on a connection at most: 2 KiB, which every socket buffer holds.
pub(crate) const IN_FLIGHT_MAX: usize = 16;

/// A load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Case {
    /// Connections, 1 to 19,000.
    pub connections: usize,
    /// Frames in flight on each, 1 to 16.
    pub in_flight: usize,
}

/// A case that cannot be read or is out of bounds.
#[derive(Debug, thiserror::Error)]
#[error("a case is CONNECTIONSxIN_FLIGHT, with 1 to {CONNECTIONS_MAX} and 1 to {IN_FLIGHT_MAX}")]
pub struct ParseCaseError;

impl FromStr for Case {
    type Err = ParseCaseError;

    fn from_str(text: &str) -> Result<Self, ParseCaseError> {
        let (connections, in_flight) = text.split_once('x').ok_or(ParseCaseError)?;
        let case = Self {
            connections: connections.parse().map_err(|_| ParseCaseError)?,
            in_flight: in_flight.parse().map_err(|_| ParseCaseError)?,
        };
        let is_bounded = (1..=CONNECTIONS_MAX).contains(&case.connections)
            && (1..=IN_FLIGHT_MAX).contains(&case.in_flight);
        is_bounded.then_some(case).ok_or(ParseCaseError)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}x{}", self.connections, self.in_flight)
    }
}
