//! The rules of the store, without any I/O: key space, rows, scripts, sequencer, lanes, and the in-memory engine.
//!
//! An engine only fetches, decides, applies and commits: what a command reads, decides and writes is said here once.

mod arena;
pub mod batch;
pub mod command;
pub mod key;
pub mod lane;
pub mod limits;
pub mod memory;
pub mod outcome;
pub mod overlay;
pub mod row;
mod script;
pub mod sequencer;
pub mod store;

pub use batch::{Executed, Retention, Rules, Unexecuted, execute, prefetch};
pub use command::Command;
pub use outcome::Outcome;
