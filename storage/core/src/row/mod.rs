//! The rows: what the value of each key family means. One row a file; the messages are `Deliver` frames as they are.

mod codec;
mod fence;
mod lane_record;
mod lane_term;

pub use codec::{Damage, Reader, Row};
pub use fence::Fence;
pub use lane_record::LaneRecord;
pub use lane_term::LaneTerm;
