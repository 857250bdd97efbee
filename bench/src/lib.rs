//! `ringpost-bench`: puts the load of a scenario on a node, records what it took, and shows it.
//!
//! Nothing here trusts the node: what it answers is checked for order and loss, and its use of the machine is read from
//! the kernel.

mod arguments;
pub mod compare;
mod load;
pub mod node;
mod peer;
pub mod record;
mod report;
pub mod results;
pub mod scenario;
pub mod schedule;
mod server_process;
mod token;

pub use arguments::Arguments;
pub use load::run;
