//! One life of a lane in the simulation, with the requests that its commands came from.

use std::collections::{BTreeSet, VecDeque};

use ringpost_storage_core::batch::{Retention, Rules};
use ringpost_storage_core::lane::{Lane, LaneConfig};
use ringpost_wire::ShardId;

/// A life of a lane.
pub struct LaneSlot {
    pub lane: Lane,
    /// Which of the configured lanes it is a life of.
    pub place: usize,
    pub incarnation: u64,
    pub homes: BTreeSet<ShardId>,
    /// It runs; otherwise what is sent to it is lost.
    pub is_alive: bool,
    /// A later life has begun.
    pub is_replaced: bool,
    /// The requests of the commands that have no outcome yet, oldest first.
    pub requests: VecDeque<u64>,
}

impl LaneSlot {
    pub fn new(place: usize, incarnation: u64, homes: BTreeSet<ShardId>) -> Self {
        let config = LaneConfig {
            node: 1 + place as u32 / 2,
            lane: place as u16,
            incarnation,
            homes: homes.clone(),
            rules: Rules {
                retention: Retention::Days(30),
            },
            cache_bytes_max: if place == 0 { 2_000 } else { 1 << 20 },
        };
        Self {
            lane: Lane::new(config),
            place,
            incarnation,
            homes,
            is_alive: true,
            is_replaced: false,
            requests: VecDeque::new(),
        }
    }
}
