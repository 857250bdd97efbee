//! `ringpost-tools`: tokens, conversations from a terminal or a script, replay of a corpus, and a look into a node.
//!
//! Exit codes: 0 done; 1 something was lost, repeated, refused or missing; 2 wrong usage; 3 the session or the node failed;
//! 4 a file could not be read or written.

mod account;
mod arguments;
mod chat;
mod error;
mod http;
mod inspect;
mod lines;
mod receive;
mod replay;
mod send;
mod token;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::ToolError;

async fn run(command: Command) -> Result<(), ToolError> {
    match command {
        Command::Token(options) => token::run(&options),
        Command::Chat(options) => chat::run(options).await,
        Command::Send(options) => send::run(options).await,
        Command::Receive(options) => receive::run(options).await,
        Command::Inspect(options) => inspect::run(&options),
        Command::Replay(options) => replay::run(options).await,
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new();
    let result = runtime
        .map_err(|source| ToolError::file("start a runtime", "", source))
        .and_then(|runtime| {
            let result = runtime.block_on(run(arguments.command));
            // Standard input may be in the middle of a read that never ends.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ringpost-tools: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
