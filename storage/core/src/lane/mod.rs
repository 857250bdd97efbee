//! Lanes: the serial writers of the store, and what they ask of it.

mod transaction;

pub use transaction::{CommitAnswer, CommitRequest, ReadAnswer, StoreFault, Version};
