//! The lane's answer to a batch of sends: a `Sent` to each sender and a `Deliver` to each recipient.

use ringpost_storage_core::Outcome;
use ringpost_wire::ServerFrame;

use super::round::{CLIENTS, Round};
use crate::Benchmark;

struct Answering {
    round: Round,
    outcomes: Vec<Outcome>,
}

impl Benchmark for Answering {
    fn operations(&self) -> u64 {
        CLIENTS as u64
    }

    fn prepare(&mut self) {
        self.round.settle(&[]);
        self.round.acknowledge();
        self.round.prepare_sends();
        let commands = self.round.speak();
        self.outcomes = self.round.node.store.run(&commands);
    }

    fn lap(&mut self) {
        let outcomes = core::mem::take(&mut self.outcomes);
        self.round.node.answer(outcomes);
        self.round.node.perform();
    }

    fn check(&self) {
        for client in 0..CLIENTS {
            let head = self.round.node.pairs.head(client);
            // The even one of a pair was first.
            let (own, other) = match client % 2 {
                0 => (head - 1, head),
                _ => (head, head - 1),
            };
            let mut seqs = (0, 0);
            for frame in self.round.node.verified_frames(client) {
                match frame {
                    ServerFrame::Sent(sent) => seqs.0 += sent.seq,
                    ServerFrame::Deliver(message) => seqs.1 += message.seq(),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(seqs, (own, other), "client {client}");
        }
    }
}

pub(crate) fn commit() -> Box<dyn Benchmark> {
    Box::new(Answering {
        round: Round::new(),
        outcomes: Vec::new(),
    })
}
