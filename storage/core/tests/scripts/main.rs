//! The scripts as an engine sees them: commands in, outcomes and rows out.

mod batches;
mod chats;
mod devices;
mod marks;
mod model;
mod pages;
mod random;
mod removal;
mod retries;
mod senders;
mod trims;
mod unlinking;
mod world;
