//! `micro`: times the benchmarks and prints nanoseconds an operation.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use ringpost_instructions::{ENTRIES, Entry, time};

/// Times Ringpost's micro-benchmarks.
#[derive(Parser)]
#[command(name = "micro")]
struct Arguments {
    /// Run those whose name holds this.
    filter: Option<String>,
    /// Time of each, in milliseconds.
    #[arg(long, default_value_t = 500)]
    time_ms: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = arguments.filter.unwrap_or_default();
    let is_chosen = |entry: &&Entry| entry.name.contains(&filter);
    let chosen: Vec<&Entry> = ENTRIES.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        eprintln!("no benchmark's name holds `{filter}`");
        return ExitCode::FAILURE;
    }
    if cfg!(debug_assertions) {
        eprintln!("built without --release: the times mean nothing");
    }
    println!(
        "{:<16} {:>10} {:>10} {:>10} {:>10} {:>7}  an operation",
        "", "median ns", "quartile", "quartile", "least", "laps"
    );
    for entry in chosen {
        let mut benchmark = (entry.make)();
        let timing = time(&mut *benchmark, Duration::from_millis(arguments.time_ms));
        println!(
            "{:<16} {:>10.1} {:>10.1} {:>10.1} {:>10.1} {:>7}  {}",
            entry.name,
            timing.median_ns,
            timing.lower_ns,
            timing.upper_ns,
            timing.least_ns,
            timing.laps,
            entry.operation
        );
    }
    ExitCode::SUCCESS
}
