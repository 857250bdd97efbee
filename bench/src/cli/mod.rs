//! The command line: what was asked for becomes calls of the rest.

mod arguments;
mod command_line;
mod compare;
mod execute;
mod node;
mod scenario;
mod terminal;

pub use arguments::Arguments;
pub use execute::{CommandError, execute};
