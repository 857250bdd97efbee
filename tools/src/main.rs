//! `ringpost-tools`: tokens and their keys, conversations from a terminal or a script, replay of a corpus, a look into a node, and stores
//! checked and carried as a whole.
//!
//! Exit codes: 0 done; 1 something was lost, repeated, refused, missing or broken; 2 wrong usage, or a check that cannot be
//! made; 3 the session or the node failed; 4 a file or a store could not be read or written.

mod account;
mod arguments;
mod chat;
mod database;
mod error;
mod export;
mod fsck;
mod http;
mod import;
mod inspect;
mod keys;
mod lines;
mod progress;
mod receive;
mod replay;
mod revoke;
mod send;
mod server;
mod store;
mod token;
mod transfer;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::ToolError;

/// Runs a tool; those that hold conversations do so on a runtime of their own.
fn run(command: Command) -> Result<(), ToolError> {
    match command {
        Command::Token(options) => token::run(&options),
        Command::Keys(options) => keys::run(&options),
        Command::Revoke(options) => revoke::run(&options),
        Command::Restore(options) => revoke::restore(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::Fsck(options) => fsck::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Import(options) => import::run(&options),
        Command::Chat(options) => converse(chat::run(options)),
        Command::Send(options) => converse(send::run(options)),
        Command::Receive(options) => converse(receive::run(options)),
        Command::Replay(options) => converse(replay::run(options)),
    }
}

fn converse(tool: impl Future<Output = Result<(), ToolError>>) -> Result<(), ToolError> {
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|source| ToolError::file("start a runtime", "", source))?;
    let result = runtime.block_on(tool);
    // Standard input may be in the middle of a read that never ends.
    runtime.shutdown_background();
    result
}

fn main() -> ExitCode {
    let ran = run(Arguments::parse().command);
    store::end();
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ringpost-tools: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
