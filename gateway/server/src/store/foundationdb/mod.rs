//! FoundationDB as the node's store. The only file that knows whether its client is built in.

#[cfg(not(feature = "foundationdb"))]
mod absent;
#[cfg(feature = "foundationdb")]
mod client;
#[cfg(feature = "foundationdb")]
mod numbers;

#[cfg(not(feature = "foundationdb"))]
pub use absent::{end, open};
#[cfg(feature = "foundationdb")]
pub use client::{end, open};

/// Whether the program was built with FoundationDB's client.
pub const HAS_FOUNDATIONDB: bool = cfg!(feature = "foundationdb");
