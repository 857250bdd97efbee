//! `21 node lane`: how far a lane has come.

use super::family::{Family, array_at};
use crate::store::Key;

/// A lane of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId {
    /// The node.
    pub node: u32,
    /// The node's lane, from 0.
    pub lane: u32,
}

/// The key of a lane's record.
pub fn encode(lane: LaneId) -> Key {
    Family::LaneRecord.key(&[&lane.node.to_be_bytes(), &lane.lane.to_be_bytes()])
}

/// The lane of a record's key; `None` for another key.
pub fn decode(key: &Key) -> Option<LaneId> {
    let parts = Family::LaneRecord.parts(key, 8)?;
    Some(LaneId {
        node: u32::from_be_bytes(array_at(parts, 0)),
        lane: u32::from_be_bytes(array_at(parts, 4)),
    })
}
