//! FoundationDB as the node's store. The only file that knows whether its client is built in.

mod absent;

pub use absent::open;

/// Whether the program was built with FoundationDB's client.
pub const HAS_FOUNDATIONDB: bool = false;
