//! `baselines`: the command line.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match ringpost_baselines::run(&ringpost_baselines::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("baselines: {error}");
            ExitCode::FAILURE
        }
    }
}
