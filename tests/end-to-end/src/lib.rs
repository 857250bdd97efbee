//! The real binary as a process, and what its tests need to drive and watch it.

mod node_process;

pub use node_process::{NodeError, NodeOptions, NodeProcess};
