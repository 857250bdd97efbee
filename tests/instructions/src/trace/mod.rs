//! The trace: what the clients of a node say over many turns, and its way through splitter, worker and sequencer.

mod recorded;
mod replaying;
mod writing;

pub(crate) use replaying::replay;
