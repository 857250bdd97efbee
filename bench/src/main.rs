//! `ringpost-bench`: puts load on a node and reports what it took, as JSON on standard output.

mod arguments;
mod load;
mod peer;
mod report;
mod server_process;
mod token;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match load::run(&arguments) {
        Ok(report) => {
            println!("{}", report.to_json());
            if report.is_valid() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            }
        }
        Err(error) => {
            eprintln!("ringpost-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
