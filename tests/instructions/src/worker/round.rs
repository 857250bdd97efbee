//! A node whose clients all speak once a lap, and its way back to rest between two laps.

use ringpost_storage_core::Command;

use crate::frames::PAYLOAD_BYTES;
use crate::node::Node;

/// Clients of the node; each makes one operation a lap.
pub(super) const CLIENTS: usize = 256;

/// The node, and what each client says next.
pub(super) struct Round {
    pub(super) node: Node,
    words: Vec<Vec<u8>>,
}

impl Round {
    pub(super) fn new() -> Self {
        Self {
            node: Node::new(CLIENTS),
            words: vec![Vec::new(); CLIENTS],
        }
    }

    /// Makes ready a send of each client.
    pub(super) fn prepare_sends(&mut self) {
        self.node.pairs.answered();
        for (client, words) in self.words.iter_mut().enumerate() {
            words.clear();
            self.node.pairs.send(client, PAYLOAD_BYTES, words);
        }
    }

    /// Makes ready an acknowledgement of each client.
    pub(super) fn prepare_acks(&mut self) {
        for (client, words) in self.words.iter_mut().enumerate() {
            words.clear();
            self.node.pairs.ack(client, words);
        }
    }

    /// All clients say what was made ready. Answers the batch that the worker makes of it.
    pub(super) fn speak(&mut self) -> Vec<Command> {
        for (client, words) in self.words.iter().enumerate() {
            self.node.receive(client, words);
        }
        self.node.perform();
        self.node.take_batch().unwrap_or_default()
    }

    /// The store runs `commands`, and everything that follows from it happens.
    pub(super) fn settle(&mut self, commands: &[Command]) {
        if !commands.is_empty() {
            let outcomes = self.node.store.run(commands);
            self.node.answer(outcomes);
        }
        self.node.settle();
        self.node.forget_frames();
    }

    /// All clients acknowledge all that there is, so that the store keeps nothing.
    pub(super) fn acknowledge(&mut self) {
        self.prepare_acks();
        let commands = self.speak();
        self.settle(&commands);
    }
}
