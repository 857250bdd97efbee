//! The storage engine for one machine: a commit log, an overlay in memory, and tables behind it.
//!
//! A commit is one checksummed record and one sync. What is cleared within seconds never reaches the tables.

mod access;
mod background;
mod committer;
mod device_sweep;
mod directory;
mod engine;
mod error;
mod flush_plan;
mod flusher;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod limits;
mod log;
mod manifest;
mod metrics;
mod options;
mod overlay;
mod read_cache;
mod retention;
mod status;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod view;

pub use error::{Damage, DamageKind, Fatal, FileError, OpenError};
pub use metrics::Metrics;
pub use options::{Options, Pinning, SyncMode};
pub use ringpost_storage_core::batch::{Retention, Rules};
pub use ringpost_storage_queue::{Histogram, LaneHandle};
pub use status::State;
pub use store::{EmbeddedStore, RunningStore};
