//! Draws a trace from a seed: who speaks in a turn, how much, how the stream is cut, and when it is acknowledged.
//!
//! Assumptions: half of the clients speak in a turn, mostly once; one payload in twenty is long; a client acknowledges after
//! most turns in which it was given something, and after 16 messages at the latest; one stream in five is cut.

use ringpost_storage_core::memory::Dice;
use ringpost_wire::Seq;

use super::recorded::{Event, Trace};
use crate::pairs::Pairs;

const CLIENTS: usize = 128;
const TURNS: usize = 40;
const UNACKED_MAX: Seq = 16;

/// The trace so far.
pub(super) struct Writer {
    dice: Dice,
    pairs: Pairs,
    /// Head of each client's chat that it has acknowledged.
    acked: Vec<Seq>,
    trace: Trace,
}

impl Writer {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            pairs: Pairs::new(CLIENTS),
            acked: vec![0; CLIENTS],
            trace: Trace {
                clients: CLIENTS,
                ..Trace::default()
            },
        }
    }

    pub(super) fn write(mut self) -> Trace {
        for _ in 0..TURNS {
            // Nobody acknowledges what comes only with this turn.
            let acks = self.acks(|dice, unacked| unacked >= UNACKED_MAX || dice.chance(7_000));
            for (client, mut stream) in acks.into_iter().enumerate() {
                self.speak(client, &mut stream);
                self.arrive(client, &stream);
            }
            self.turn();
        }
        for (client, stream) in self.acks(|_, _| true).into_iter().enumerate() {
            self.arrive(client, &stream);
        }
        self.turn();
        self.trace
    }

    /// The acknowledgements of those who make one: who has something to acknowledge is asked by `decide`.
    fn acks(&mut self, decide: impl Fn(&mut Dice, Seq) -> bool) -> Vec<Vec<u8>> {
        let mut streams = vec![Vec::new(); CLIENTS];
        for (client, stream) in streams.iter_mut().enumerate() {
            let head = self.pairs.head(client);
            let unacked = head - self.acked[client];
            if unacked > 0 && decide(&mut self.dice, unacked) {
                self.pairs.ack(client, stream);
                self.acked[client] = head;
                self.trace.acks += 1;
            }
        }
        streams
    }

    /// What a client sends in this turn.
    fn speak(&mut self, client: usize, stream: &mut Vec<u8>) {
        let sends = match self.dice.below(20) {
            0..10 => 0,
            10..17 => 1,
            17..19 => 2,
            _ => 5,
        };
        for _ in 0..sends {
            let payload_bytes = match self.dice.below(20) {
                0 => 1_000 + self.dice.below(3_000),
                _ => 50 + self.dice.below(150),
            };
            self.pairs.send(client, payload_bytes as usize, stream);
            self.trace.sends += 1;
        }
    }

    /// A client's bytes of this turn arrive, in one piece or two.
    fn arrive(&mut self, client: usize, stream: &[u8]) {
        let mut rest = stream.len();
        if rest > 1 && self.dice.chance(2_000) {
            let bytes = 1 + self.dice.below(rest as u64 - 1) as usize;
            self.trace.events.push(Event::Received { client, bytes });
            rest -= bytes;
        }
        if rest > 0 {
            let bytes = rest;
            self.trace.events.push(Event::Received { client, bytes });
        }
        self.trace.bytes.extend_from_slice(stream);
    }

    fn turn(&mut self) {
        self.trace.events.push(Event::Turn);
        self.pairs.answered();
    }
}
