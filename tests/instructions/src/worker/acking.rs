//! An `Ack` from the bytes of a client into the batch for the lane.

use ringpost_storage_core::Command;

use super::round::{CLIENTS, Round};
use crate::Benchmark;

struct Acking {
    round: Round,
    batch: Vec<Command>,
}

impl Benchmark for Acking {
    fn operations(&self) -> u64 {
        CLIENTS as u64
    }

    fn prepare(&mut self) {
        self.round.settle(&self.batch);
        self.round.prepare_sends();
        let sends = self.round.speak();
        self.round.settle(&sends);
        self.round.prepare_acks();
    }

    fn lap(&mut self) {
        self.batch = self.round.speak();
    }

    fn check(&self) {
        assert_eq!(self.batch, self.round.node.pairs.acknowledgements());
    }
}

pub(crate) fn ack() -> Box<dyn Benchmark> {
    Box::new(Acking {
        round: Round::new(),
        batch: Vec::new(),
    })
}
