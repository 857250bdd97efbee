//! The rules of the store, without any I/O: key space, rows, scripts, sequencer, lanes, and the in-memory engine.
//!
//! An engine only fetches, decides, applies and commits: what a command reads, decides and writes is said here once.

pub mod command;
pub mod key;
pub mod lane;
pub mod limits;
pub mod memory;
pub mod outcome;
pub mod store;

pub use command::Command;
pub use outcome::Outcome;
