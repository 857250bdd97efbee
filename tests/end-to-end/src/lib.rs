//! The real binary as a process, real clients that load it, and the checks of what came of it.

mod built_binary;
pub mod check;
pub mod client;
pub mod device;
pub mod foundationdb;
mod fsck;
pub mod hostile;
pub mod load;
mod node_process;
mod place;
pub mod planted;
pub mod raw;
pub mod rounds;
pub mod slow_reader;
pub mod tls;
mod tokens;
pub mod trial;

pub use built_binary::{built_binary, built_with_foundationdb};
pub use fsck::Fsck;
pub use node_process::{NodeError, NodeOptions, NodeProcess, StartingNode};
pub use place::{Place, PlaceError};
pub use tokens::{Tokens, now_s};
