//! The client's state and history in one SQLite file, encrypted with a key of the caller.

mod engine;
mod engine_error;
mod handle;
mod history;
mod key;
mod limits;
mod log;
mod message;
mod open;
mod page;
mod place;
mod retention;
mod schema;
mod session_state;
#[cfg(test)]
mod tests;
mod thread;

pub use engine_error::DatabaseError;
pub use handle::{Database, DatabaseOptions};
pub use key::{DatabaseKey, KeyFileError};
pub use message::{
    Conversation, HistoryCursor, HistoryMessage, HistoryPage, MessageState, Receipt,
};
pub use retention::Retention;
