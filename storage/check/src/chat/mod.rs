//! The rows of one chat against each other.

mod log;
mod members;
mod rows;
mod senders;
mod walk;
mod windows;

pub(crate) use rows::decoded;
pub(crate) use walk::Chats;
