//! Lanes: the serial writers of the store, and what they ask of it.

mod attempt;
mod backoff;
mod commit;
mod config;
mod event;
mod fetched;
mod machine;
mod own_range;
mod own_rows;
mod refresh;
mod row_cache;
mod shards;
mod transaction;

pub use config::LaneConfig;
pub use event::{LaneCounters, LaneEffect, LaneInput, LaneState, Ticket, UnavailableReason};
pub use machine::Lane;
pub use transaction::{CommitAnswer, CommitRequest, ReadAnswer, StoreFault, Version};
