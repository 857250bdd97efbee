//! `HostilePlan`: which attacks are made, for how long, and what well-behaved clients and the node's memory must keep to.

use std::time::Duration;

/// A run to make.
#[derive(Clone, Debug)]
pub struct HostilePlan {
    /// How long each attack goes on; those that wait for a timeout of the node go on for longer.
    pub time: Duration,
    /// Seed of everything by chance.
    pub seed: u64,
    /// Core threads of the node.
    pub cores: usize,
    /// Only attacks whose name contains this.
    pub only: String,
    /// Longest that a well-behaved client may wait: for an answer, for a message, for its sign-in.
    pub wait_max: Duration,
    /// Most that the node's resident memory may grow during one attack, in bytes.
    pub growth_bytes_max: u64,
}

impl HostilePlan {
    /// All attacks, each for `time`, on two cores. The wait is far above what a loaded machine needs: it finds those that are
    /// forgotten, not those that are slow.
    pub fn new(time: Duration, seed: u64) -> Self {
        Self {
            time,
            seed,
            cores: 2,
            only: String::new(),
            wait_max: Duration::from_secs(10),
            growth_bytes_max: 192 << 20,
        }
    }
}
