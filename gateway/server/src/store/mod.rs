//! The node's store: one of the engines, behind what the node needs of it.

mod embedded;
mod engine;
mod error;
mod foundationdb;
mod health;

pub use engine::{RunningStore, Store, StoreNumbers, end, open};
pub use error::StoreError;
pub use foundationdb::HAS_FOUNDATIONDB;
pub use health::{StoreHealth, StoreState};
