//! The command line: `run` measures, `serve` is the process that is measured.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::case::Case;
use crate::server::Kind;

/// What a round trip of one frame costs on the ring, on runtimes and on bare sockets.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Measure every server in turns and print a table
    Run(RunArguments),
    /// Be one of the servers, until the driver ends (`run` starts it)
    Serve(ServeArguments),
}

/// Of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Rounds; each measures every server once
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Seconds of one measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Connections x frames in flight on each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1x1,100x1,100x16,5000x1,5000x16"
    )]
    pub cases: Vec<Case>,
    /// Servers to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Kind::ALL)]
    pub servers: Vec<Kind>,
    /// Core of the server
    #[arg(long, default_value_t = 0)]
    pub server_core: usize,
    /// Core of the load
    #[arg(long, default_value_t = 1)]
    pub load_core: usize,
    /// File for every measurement, as JSON
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Of `serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Which server
    #[arg(value_enum)]
    pub kind: Kind,
    /// Core that it is bound to
    #[arg(long)]
    pub core: usize,
    /// Process of the driver: the server ends with it
    #[arg(long)]
    pub driver: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_cases_of_the_documentation() {
        let arguments = Arguments::parse_from(["baselines", "run"]);
        let Verb::Run(run) = arguments.command else {
            panic!("not a run");
        };
        let cases: Vec<String> = run.cases.iter().map(Case::to_string).collect();
        assert_eq!(cases, ["1x1", "100x1", "100x16", "5000x1", "5000x16"]);
        assert_eq!(run.servers, Kind::ALL);
    }

    #[test]
    fn a_case_out_of_bounds_is_refused() {
        for bad in ["0x1", "1x0", "1x17", "19001x1", "x", "5"] {
            let line = ["baselines", "run", "--cases", bad];
            assert!(Arguments::try_parse_from(line).is_err(), "{bad}");
        }
    }
}
