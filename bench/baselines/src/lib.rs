//! Baselines: an echo of one frame of ours on the ring, on three runtimes and on bare sockets, under one load.
//!
//! The driver starts each server as a process of its own on one core, puts the load on it from another core, and
//! reports what a round trip costs. Invariant: a figure stands only for echoes that were compared byte for byte.

mod arguments;
mod case;
mod command;
mod frame;
mod load;
mod machine;
mod peer;
mod process;
mod record;
mod rounds;
mod server;
mod table;
mod versions;

pub use arguments::Arguments;
pub use case::Case;
pub use command::{CommandError, run};
pub use load::{Load, LoadError, Measured};
pub use process::{ServerError, ServerProcess};
pub use server::Kind;
