//! `22 node lane`: the claims and settlings of a lane, with which each of its commits conflicts.

use super::family::{Family, array_at};
use super::lane_record::LaneId;
use crate::store::Key;

/// The key of a lane's term.
pub fn encode(lane: LaneId) -> Key {
    Family::LaneTerm.key(&[&lane.node.to_be_bytes(), &lane.lane.to_be_bytes()])
}

/// The lane of a term's key; `None` for another key.
pub fn decode(key: &Key) -> Option<LaneId> {
    let parts = Family::LaneTerm.parts(key, 8)?;
    Some(LaneId {
        node: u32::from_be_bytes(array_at(parts, 0)),
        lane: u32::from_be_bytes(array_at(parts, 4)),
    })
}
