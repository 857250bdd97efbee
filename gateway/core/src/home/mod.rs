//! What a home keeps: the session directory and attaches of its users, and the commands that wait for its lane.

mod attaches;
mod directory;
mod open_batch;
mod reply;

pub(crate) use attaches::{Attach, Attaches};
pub(crate) use directory::{DeviceSession, Directory};
pub(crate) use open_batch::{AckTaken, OpenBatch};
pub(crate) use reply::Reply;
