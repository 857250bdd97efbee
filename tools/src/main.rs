//! `ringpost-tools`: tokens, conversations from a terminal or a script, replay of a corpus, a look into a node, and stores
//! checked and carried as a whole.
//!
//! Exit codes: 0 done; 1 something was lost, repeated, refused, missing or broken; 2 wrong usage, or a check that cannot be
//! made; 3 the session or the node failed; 4 a file or a store could not be read or written.

mod account;
mod arguments;
mod chat;
mod error;
mod export;
mod fsck;
mod http;
mod import;
mod inspect;
mod lines;
mod progress;
mod receive;
mod replay;
mod send;
mod store;
mod token;
mod transfer;

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
        Command::Fsck(options) => fsck::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Import(options) => import::run(&options),
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
