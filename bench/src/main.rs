//! `ringpost-bench`: the command line.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = ringpost_bench::Arguments::parse();
    match ringpost_bench::run(&arguments) {
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
