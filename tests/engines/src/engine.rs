//! What the suite asks of an engine: run commands, and start again with what is durable.

use ringpost_storage_core::{Command, Outcome};

/// An engine with its store.
pub trait Engine {
    /// Runs `commands` in order; one outcome a command, durable when it returns.
    fn run(&mut self, commands: Vec<Command>) -> Vec<Outcome>;

    /// Stops without a farewell and starts again on the same store.
    fn restart(&mut self);
}
