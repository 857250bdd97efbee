//! The in-memory engine with FoundationDB's rules (versions, conflicts, limits) and its faults by seed. Passive: it has no
//! time and no order of its own; whoever drives it says when a request arrives and when an answer leaves.

mod dice;
mod engine;
mod fault;
mod versioned_rows;

pub use dice::Dice;
pub use engine::MemoryStore;
pub use fault::{Fault, FaultRates};
