//! What needs FoundationDB's client library: the link to the cluster, the lanes' tasks, the background work, direct access.

mod access;
mod begin;
mod intake;
mod lane_task;
mod link;
mod network;
mod reads;
mod running;
mod store;

pub use access::{Access, Page};
pub use running::RunningStore;
pub use store::FoundationStore;
