//! Where the client's durable state is kept: in memory, in a journal file, or in an encrypted database.

mod database;
mod entry;
mod journal;
mod keep;
mod memory;

pub use database::{
    Conversation, Database, DatabaseError, DatabaseKey, DatabaseOptions, HistoryCursor,
    HistoryMessage, HistoryPage, KeyFileError, MessageState, Receipt, Retention,
};
pub use journal::Journal;
pub use keep::Storage;
pub use memory::Memory;
