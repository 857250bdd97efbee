//! `ringpost-bench`: puts the load of a scenario on a node, records what it took, and shows it.
//!
//! Nothing here trusts the node: what it answers is checked for order and loss, and its use of the machine is read from
//! the kernel.

mod calendar;
mod cli;
pub mod compare;
pub mod drive;
pub mod fleet;
pub mod node;
pub mod record;
pub mod report;
pub mod results;
pub mod run;
pub mod scenario;
pub mod schedule;
mod token;
mod verdict;

pub use cli::{Arguments, CommandError, execute};
