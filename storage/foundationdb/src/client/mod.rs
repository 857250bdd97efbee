//! What needs FoundationDB's client library: the link to the cluster, the lanes' tasks, the background work, direct access.

mod access;
mod begin;
mod errands;
mod intake;
mod lane_task;
mod link;
mod network;
mod reads;
mod running;
mod store;
mod sweep_chats;
mod sweep_devices;
mod wall;

pub use access::{Access, Page};
pub use network::end_client;
pub use running::RunningStore;
pub use store::FoundationStore;
