//! What a worker counts, as plain numbers that only grow; gauges are in `Summary`.

use std::collections::BTreeMap;

use ringpost_wire::ErrorCode;

use crate::{Histogram, PeerRefusals, Step};

/// Counts since the worker's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that became durable, repeats not counted.
    pub stored: u64,
    /// `Deliver` frames written to sessions.
    pub delivered: u64,
    /// Deliveries left out because the session was behind or had no room.
    pub skipped: u64,
    /// Deliveries left out between cores for want of room; their users' shards were marked.
    pub overflowed: u64,
    /// Sends, requests and sessions refused, by code.
    pub refused: BTreeMap<ErrorCode, u64>,
    /// Connections and sign-ins refused for their address.
    pub peers_refused: PeerRefusals,
    /// Tokens that were not looked at, because their signatures would have taken more of the core's time than they may.
    pub signatures_put_off: u64,
    /// Left out under load, by step.
    pub shed: Shed,
    /// Sessions that became open.
    pub attached: u64,
    /// Sessions that a newer one of the same device ended.
    pub taken_over: u64,
    /// Acknowledgements taken in.
    pub acks: u64,
    /// Those of them that were merged into a waiting one.
    pub acks_merged: u64,
    /// Batches handed to the lane.
    pub batches: u64,
    /// Commands in them.
    pub batch_commands: u64,
    /// Messages a batch.
    pub batch_messages: Histogram,
    /// For how long the oldest command of each batch had waited when the batch was handed over.
    pub queue: Histogram,
    /// From the time that each message carries until it is written to a session as it came: whole milliseconds.
    pub deliver: Histogram,
    /// From handing a batch over until its answer.
    pub commit: Histogram,
    /// From taking a send in until its answer left.
    pub send_to_sent: Histogram,
}

/// What was left out under load, by step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shed([u64; Step::ALL.len()]);

impl Shed {
    /// How often a step was shed.
    pub fn of(&self, step: Step) -> u64 {
        self.0[step as usize]
    }

    pub(crate) fn add(&mut self, step: Step) {
        self.0[step as usize] += 1;
    }
}
