//! Stores as the tools for whole stores see them: opened by one argument, read and written row by row.

mod chat;
#[cfg(feature = "foundationdb")]
mod cluster;
mod embedded;
mod error;
mod open;
mod sink;

pub use chat::inspect_chat;
#[cfg(feature = "foundationdb")]
pub use cluster::ClusterRows;
pub use embedded::EmbeddedRows;
pub use error::StoreError;
pub use open::{end, open_source, open_target};
pub use sink::RowSink;
