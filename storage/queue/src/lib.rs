//! A gateway core's way to a store, whichever store it is: bounded queues of batches there and of outcomes back.
//!
//! Every batch taken is answered once, in order; whoever waits for batches sleeps until the bell rings.

mod bell;
mod histogram;
mod lane;

pub use bell::Bell;
pub use histogram::Histogram;
pub use lane::{LANE_BATCHES_MAX, LaneDesk, LaneHandle, lane};
