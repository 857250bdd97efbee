//! The worker of one core: its five verbs, and the part of each role in them, one verb of a role a file.

mod admission;
mod attach;
mod connection;
mod deliver;
mod drain;
mod frames;
mod handshake;
mod lane_requests;
mod mailroom;
mod outcomes;
mod pages;
mod pending;
mod receive;
mod relief;
mod requests;
mod revoke;
mod route;
mod send;
mod summary;
mod sweep;
mod verbs;
mod write;

pub use summary::Summary;
pub use verbs::Worker;
