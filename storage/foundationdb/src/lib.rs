//! The storage engine for many machines: lanes over a FoundationDB cluster.
//!
//! The rules, the lanes and their proofs are `ringpost_storage_core::lane`; here is what carries their requests. Everything
//! that needs FoundationDB's client library stands behind the feature `client`; without it the crate is what is pure.

#[cfg(feature = "client")]
mod client;
mod cluster_file;
mod error;
mod error_class;
pub mod limits;
mod metrics;
mod options;
mod shard_runs;
mod split;
mod state;
mod subspace;

#[cfg(feature = "client")]
pub use client::{Access, FoundationStore, Page, RunningStore, end_client};
pub use cluster_file::{check as check_cluster_file, locate as locate_cluster_file};
pub use error::{AccessError, LayoutError, OpenError};
pub use error_class::{commit_answer, fault, is_foreseen, is_locked, is_throttling};
pub use metrics::Metrics;
pub use options::{ClientFaults, ClientOptions, Options, SweepDelays};
pub use ringpost_storage_core::{Retention, Rules};
pub use ringpost_storage_queue::{Histogram, LaneHandle};
pub use shard_runs::key_ranges;
pub use split::{RawRow, parts};
pub use state::{Status, StoreState};
pub use subspace::{FORMAT, OwnRow, Subspace};
