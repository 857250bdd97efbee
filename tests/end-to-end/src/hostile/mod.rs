//! Attacks on the real binary, one after the other, while well-behaved clients go on talking beside each.

mod address;
mod attack;
mod case;
mod chats;
mod expected;
mod flood;
mod frames;
mod garbage;
mod numbers;
mod plan;
mod report;
mod run;
mod silence;
mod states;
mod storm;
mod tally;

pub use case::{CASES, HostileCase};
pub use plan::HostilePlan;
pub use report::{CaseReport, HostileReport};
pub use run::run_hostile;
