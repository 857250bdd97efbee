//! The scripts, one file a command: what it reads, decides and writes. Pure and synchronous.

mod acknowledge;
mod append;
mod chat;
mod dispatch;
mod finish_linking;
mod finish_unlinking;
mod inspect_chat;
mod link_device;
mod list_pending;
mod mark_read;
mod open_chat;
mod prefetch;
mod read_page;
mod register_device;
mod remove_device;
mod revoke_device;
mod senders;
mod trim;
mod trim_delivered;
mod unlink_device;

pub(crate) use dispatch::decide;
pub(crate) use prefetch::reads;
