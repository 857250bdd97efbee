//! The storage engines behind one trait, so that one suite of behaviour runs on each of them.

pub mod comparison;
#[cfg(feature = "foundationdb")]
pub mod contest;
mod embedded_engine;
mod engine;
#[cfg(feature = "foundationdb")]
pub mod foundation_engine;
mod lane_engine;
mod map_engine;
mod named_cluster;
#[cfg(feature = "foundationdb")]
pub mod pair_chat;
pub mod people;
pub mod traffic;
mod unavailable;

pub use embedded_engine::EmbeddedEngine;
pub use engine::Engine;
#[cfg(feature = "foundationdb")]
pub use foundation_engine::FoundationEngine;
pub use lane_engine::LaneEngine;
pub use map_engine::{Map, MapEngine};
pub use named_cluster::{CLUSTER_VARIABLE, named_cluster, named_cluster_or_skipped, skipped};
