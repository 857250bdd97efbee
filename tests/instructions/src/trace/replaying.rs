//! The trace through the pure crates: bytes are split and verified, sends routed and sequenced, messages delivered and
//! acknowledged, receipts written. The node of a lap is new; its making is not measured.

use ringpost_wire::{MessageView, Seq, ServerFrame};

use super::recorded::{Event, Trace};
use crate::Benchmark;
use crate::node::Node;

struct Replay {
    trace: Trace,
    node: Node,
}

impl Benchmark for Replay {
    fn operations(&self) -> u64 {
        self.trace.sends
    }

    fn prepare(&mut self) {
        self.node = Node::new(self.trace.clients);
    }

    fn lap(&mut self) {
        let mut rest = &self.trace.bytes[..];
        for event in &self.trace.events {
            match *event {
                Event::Received { client, bytes } => {
                    let (arrived, after) = rest.split_at(bytes);
                    self.node.receive(client, arrived);
                    rest = after;
                }
                Event::Turn => self.node.settle(),
            }
        }
    }

    fn check(&self) {
        let told: Vec<Told> = (0..self.trace.clients)
            .map(|client| Told::of(&self.node, client))
            .collect();
        let sum = |count: fn(&Told) -> usize| told.iter().map(count).sum::<usize>() as u64;
        assert_eq!(sum(|told| told.sent.len()), self.trace.sends);
        assert_eq!(sum(|told| told.delivered.len()), self.trace.sends);
        for (client, told) in told.iter().enumerate() {
            told.assert_whole(client);
        }
        for [one, other] in told.as_chunks::<2>().0 {
            assert_eq!((&one.sent, &one.head), (&other.delivered, &other.head));
            assert_eq!(one.delivered, other.sent);
            assert!(one.receipt >= one.sent.last().copied().unwrap_or(0));
            assert!(other.receipt >= other.sent.last().copied().unwrap_or(0));
        }
    }
}

/// What a client was told over a lap.
struct Told {
    /// Numbers of its own messages, as answered.
    sent: Vec<Seq>,
    /// Numbers of its partner's messages, as delivered.
    delivered: Vec<Seq>,
    /// The last of them.
    head: Seq,
    /// How far its partner has received.
    receipt: Seq,
}

impl Told {
    fn of(node: &Node, client: usize) -> Self {
        let mut told = Self {
            sent: Vec::new(),
            delivered: Vec::new(),
            head: 0,
            receipt: 0,
        };
        for frame in node.verified_frames(client) {
            match frame {
                ServerFrame::Sent(sent) => {
                    assert_eq!(sent.client_seq, told.sent.len() as u64 + 1);
                    told.sent.push(sent.seq);
                }
                ServerFrame::Deliver(message) => told.deliver(&message),
                ServerFrame::Receipt(receipt) => told.receipt = receipt.delivered_to,
                other => panic!("client {client} was told {other:?}"),
            }
        }
        let last = |seqs: &[Seq]| seqs.last().copied().unwrap_or(0);
        told.head = last(&told.sent).max(last(&told.delivered));
        told
    }

    fn deliver(&mut self, message: &MessageView<'_>) {
        assert_eq!(message.client_seq(), self.delivered.len() as u64 + 1);
        self.delivered.push(message.seq());
    }

    /// Own and delivered numbers together are 1 to the head.
    fn assert_whole(&self, client: usize) {
        let mut seqs = [&self.sent[..], &self.delivered].concat();
        seqs.sort_unstable();
        assert!(seqs.into_iter().eq(1..=self.head), "client {client}");
    }
}

pub(crate) fn replay() -> Box<dyn Benchmark> {
    let trace = Trace::fixed();
    let node = Node::new(trace.clients);
    Box::new(Replay { trace, node })
}
