//! A `Send` from the bytes of a client through session, admission and routing into the batch for the lane.

use ringpost_storage_core::Command;
use ringpost_wire::MessageView;

use super::round::{CLIENTS, Round};
use crate::Benchmark;
use crate::frames::PAYLOAD_BYTES;

struct Sending {
    round: Round,
    batch: Vec<Command>,
}

impl Benchmark for Sending {
    fn operations(&self) -> u64 {
        CLIENTS as u64
    }

    fn prepare(&mut self) {
        self.round.settle(&self.batch);
        self.round.acknowledge();
        self.round.prepare_sends();
    }

    fn lap(&mut self) {
        self.batch = self.round.speak();
    }

    fn check(&self) {
        assert_eq!(self.batch.len(), CLIENTS);
        for (client, command) in self.batch.iter().enumerate() {
            let Command::Append { sender, frame, .. } = command else {
                panic!("{command:?}");
            };
            let pairs = &self.round.node.pairs;
            let view = MessageView::of_send(frame).expect("the worker passes on what it verified");
            assert_eq!(*sender, pairs.device(client));
            assert_eq!(view.chat(), pairs.chat(client));
            assert_eq!(view.payload().len(), PAYLOAD_BYTES);
        }
    }
}

pub(crate) fn send() -> Box<dyn Benchmark> {
    Box::new(Sending {
        round: Round::new(),
        batch: Vec::new(),
    })
}
