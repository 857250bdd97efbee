//! The stages whose durations are measured, as metrics and as logs of HdrHistogram name them.

use ringpost_gateway_core::Histogram;

use crate::view::Published;

/// A stage that every core measures.
pub(super) struct Stage {
    /// Its name in the log of histograms.
    pub(super) name: &'static str,
    /// Its name in `/metrics`.
    pub(super) metric: &'static str,
    /// What it measures.
    pub(super) help: &'static str,
    /// Where a core counts it.
    pub(super) of: fn(&Published) -> &Histogram,
}

/// All of them.
pub(super) const STAGES: [Stage; 5] = [
    Stage {
        name: "send-to-sent",
        metric: "ringpost_send_to_sent_seconds",
        help: "From taking a send in until its answer leaves.",
        of: |core| &core.counters.send_to_sent,
    },
    Stage {
        name: "queue",
        metric: "ringpost_queue_seconds",
        help: "Wait of the oldest command of each batch for the lane.",
        of: |core| &core.counters.queue,
    },
    Stage {
        name: "commit",
        metric: "ringpost_commit_seconds",
        help: "From handing a batch to the lane until it is durable.",
        of: |core| &core.counters.commit,
    },
    Stage {
        name: "deliver",
        metric: "ringpost_deliver_seconds",
        help: "From the time that a message carries until it is written to a session; whole milliseconds.",
        of: |core| &core.counters.deliver,
    },
    Stage {
        name: "turn",
        metric: "ringpost_turn_seconds",
        help: "Work of a core between two waits.",
        of: |core| &core.turns,
    },
];

/// What all cores have counted.
pub(super) fn merged(cores: &[Published], of: impl Fn(&Published) -> &Histogram) -> Histogram {
    let mut sum = Histogram::default();
    cores.iter().for_each(|core| sum.merge(of(core)));
    sum
}
