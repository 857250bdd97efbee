//! What a lane is told when it starts.

use std::collections::BTreeSet;

use ringpost_wire::ShardId;

use crate::batch::Rules;

/// What a lane is told when it starts.
#[derive(Clone, Debug)]
pub struct LaneConfig {
    /// The node.
    pub node: u32,
    /// The lane's number on its node.
    pub lane: u16,
    /// A number that no earlier life of this lane used, and greater than all of them: a counter that is kept on disk and
    /// synced before it is used, or a clock that cannot run back over restarts.
    pub incarnation: u64,
    /// The shards that the lane is home of.
    pub homes: BTreeSet<ShardId>,
    /// The rules of the store.
    pub rules: Rules,
    /// Bytes of rows that the lane keeps in memory; over it, all are forgotten.
    pub cache_bytes_max: usize,
}
