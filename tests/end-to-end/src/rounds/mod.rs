//! Rounds of load that each end badly for the node: killed, or its files cut back to what a power loss leaves.

mod plan;
mod report;
mod run;

pub use plan::{Cut, Ending, RoundsPlan};
pub use report::{Life, RoundsReport};
pub use run::{RoundsError, run_rounds};
