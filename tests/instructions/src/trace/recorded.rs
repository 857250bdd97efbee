//! A trace: bytes of clients in the order of their arrival, cut as they arrived, and the turns of the node's loop.

use super::writing::Writer;

/// The seed of the one trace that has a budget.
const SEED: u64 = 1;

/// One thing that happens to the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Bytes of a client arrive.
    Received {
        /// Whose, from 0.
        client: usize,
        /// How many of those not yet consumed.
        bytes: usize,
    },
    /// Everything that arrived is worked off: batches, deliveries, answers.
    Turn,
}

/// The events, and the bytes of all clients one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    /// Clients, an even number: 0 and 1 share a chat, 2 and 3 another, and so on.
    pub(super) clients: usize,
    /// What happens, in order.
    pub(super) events: Vec<Event>,
    /// Bytes that arrive, in order.
    pub(super) bytes: Vec<u8>,
    /// Sends in it.
    pub(super) sends: u64,
    /// Acknowledgements in it.
    pub(super) acks: u64,
}

impl Trace {
    /// The trace that has a budget: always the same.
    pub(super) fn fixed() -> Self {
        Writer::new(SEED).write()
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::Xxh3;

    use super::*;

    /// Changes with the trace; then the budget is to be written anew, and the change of its figures means nothing.
    const DIGEST: u64 = 0x5de4_c88d_e3e9_580f;

    /// A number that stands for all events and bytes (XXH3-64).
    fn digest(trace: &Trace) -> u64 {
        let mut digest = Xxh3::new();
        for event in &trace.events {
            let (kind, client, bytes) = match event {
                Event::Received { client, bytes } => (1, *client, *bytes),
                Event::Turn => (2, 0, 0),
            };
            for number in [kind, client, bytes] {
                digest.update(&(number as u64).to_le_bytes());
            }
        }
        digest.update(&trace.bytes);
        digest.digest()
    }

    #[test]
    fn the_trace_is_always_the_same() {
        let trace = Trace::fixed();
        assert_eq!(trace, Trace::fixed());
        assert_eq!(digest(&trace), DIGEST, "{:#018x}", digest(&trace));
        assert_ne!(digest(&Writer::new(SEED + 1).write()), DIGEST);
    }

    #[test]
    fn the_events_take_all_bytes() {
        let trace = Trace::fixed();
        let bytes = trace.events.iter().map(|event| match event {
            Event::Received { client, bytes } => {
                assert!(*client < trace.clients && *bytes > 0);
                *bytes
            }
            Event::Turn => 0,
        });
        assert_eq!(bytes.sum::<usize>(), trace.bytes.len());
        assert_eq!(trace.events.last(), Some(&Event::Turn));
        assert!(trace.sends > 2_000 && trace.acks > trace.sends / 16);
    }
}
