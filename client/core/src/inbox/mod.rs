//! Receiving: the order of each chat, acknowledgements, and reading what was missed from the log.

mod acks;
mod catch_up;
mod pulls;
mod reader;
mod receiving;
mod recovery;
mod stream;

pub(crate) use acks::Acks;
pub(crate) use catch_up::Lister;
pub(crate) use reader::Reader;
pub(crate) use recovery::Recovery;
pub(crate) use stream::{Item, Stream, stream_of};
