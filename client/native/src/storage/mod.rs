//! Where the client's durable state is kept: in memory, or in a journal file.

mod entry;
mod journal;
mod keep;
mod memory;

pub use journal::Journal;
pub use keep::Storage;
pub use memory::Memory;
