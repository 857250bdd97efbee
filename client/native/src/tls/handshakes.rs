//! Which failed handshake is the last one: a server that was never understood, several times in a row. Everything else may pass.
//!
//! A balancer answers in plain text before its backend is up, a device's clock is set late, a portal takes every connection.

use crate::limits::HANDSHAKES_MAX;

/// The handshakes with the configured address in the life of a client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handshakes {
    has_succeeded: bool,
    /// Failures in a row.
    failures: u32,
}

impl Handshakes {
    /// Whether the server was understood once.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.has_succeeded
    }

    /// A connection was opened.
    pub(crate) fn succeeded(&mut self) {
        self.has_succeeded = true;
    }

    /// A connection was lost, which says nothing of the server.
    pub(crate) fn lost(&mut self) {
        self.failures = 0;
    }

    /// A handshake failed. Answers whether no other is to be tried.
    pub(crate) fn failed(&mut self) -> bool {
        self.failures += 1;
        !self.has_succeeded && self.failures >= HANDSHAKES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Failures until one is final, at most one more than the limit.
    fn until_final(handshakes: &mut Handshakes) -> Option<u32> {
        (1..=HANDSHAKES_MAX + 1).find(|_| handshakes.failed())
    }

    #[test]
    fn a_server_never_understood_is_given_up() {
        let mut handshakes = Handshakes::default();
        assert_eq!(until_final(&mut handshakes), Some(HANDSHAKES_MAX));
    }

    #[test]
    fn a_lost_connection_begins_the_count_anew() {
        let mut handshakes = Handshakes::default();
        assert!((1..HANDSHAKES_MAX).all(|_| !handshakes.failed()));
        handshakes.lost();
        assert_eq!(until_final(&mut handshakes), Some(HANDSHAKES_MAX));
    }

    #[test]
    fn a_server_once_understood_is_never_given_up() {
        let mut handshakes = Handshakes::default();
        handshakes.succeeded();
        assert_eq!(until_final(&mut handshakes), None);
    }
}
