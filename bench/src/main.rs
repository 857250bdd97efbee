//! `ringpost-bench`: the command line.

use std::process::ExitCode;

use clap::Parser;
use ringpost_bench::{Arguments, execute};

fn main() -> ExitCode {
    match execute(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ringpost-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
