//! The list of all benchmarks, and of those whose instructions have a budget.

use crate::benchmark::Benchmark;
use crate::{frames, page, sequencer, trace, worker};

/// A benchmark by name.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name, as commands and the budget have it.
    pub name: &'static str,
    /// What one operation is.
    pub operation: &'static str,
    /// Makes it, with its state.
    pub make: fn() -> Box<dyn Benchmark>,
}

const fn entry(
    name: &'static str,
    operation: &'static str,
    make: fn() -> Box<dyn Benchmark>,
) -> Entry {
    Entry {
        name,
        operation,
        make,
    }
}

/// All benchmarks.
pub const ENTRIES: &[Entry] = &[
    entry("encode-send", "a Send is built", frames::encode_send),
    entry("encode-sent", "a Sent is built", frames::encode_sent),
    entry(
        "encode-deliver",
        "a Send is copied and stamped",
        frames::encode_deliver,
    ),
    entry("encode-ack", "an Ack is built", frames::encode_ack),
    entry("view-send", "a Send is verified", frames::view_send),
    entry("view-sent", "a Sent is verified", frames::view_sent),
    entry(
        "view-deliver",
        "a Deliver is verified",
        frames::view_deliver,
    ),
    entry("view-ack", "an Ack is verified", frames::view_ack),
    entry(
        "view-table",
        "a ReadPage, a table frame, is verified",
        frames::view_table,
    ),
    entry(
        "splitter",
        "a frame is found in a stream of many",
        frames::splitter,
    ),
    entry(
        "worker-send",
        "a Send goes from bytes to the lane's batch",
        worker::send,
    ),
    entry(
        "worker-commit",
        "a stored message becomes Sent and Deliver",
        worker::commit,
    ),
    entry(
        "worker-ack",
        "an Ack goes from bytes to the lane's batch",
        worker::ack,
    ),
    entry("sequencer-1", "an append, alone", sequencer::of_1),
    entry(
        "sequencer-100",
        "an append, in a batch of 100",
        sequencer::of_100,
    ),
    entry(
        "sequencer-500",
        "an append, in a batch of 500",
        sequencer::of_500,
    ),
    entry(
        "page-100",
        "a page of 100 messages is read from the store",
        page::of_100,
    ),
    entry(
        "trace",
        "a message of the trace, all the way to its acknowledgement",
        trace::replay,
    ),
];

/// Benchmarks whose instructions and allocations have a budget.
pub const STAGES: &[&str] = &[
    "splitter",
    "view-send",
    "worker-send",
    "worker-commit",
    "worker-ack",
    "sequencer-1",
    "sequencer-100",
    "page-100",
    "trace",
];

/// The benchmark called `name`.
pub fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_stages_are_benchmarks() {
        let mut names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ENTRIES.len());
        assert!(STAGES.iter().all(|stage| find(stage).is_some()));
        assert!(find("no-such").is_none());
    }
}
