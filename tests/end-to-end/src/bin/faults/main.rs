//! `faults`: the full sets of rounds against the real binary, each a command; JSON on standard output, exit code 1 if anything fails.

mod trials;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ringpost_end_to_end::client::{
    ChildOptions, ClientEnding, ClientPlan, run_child, run_client_rounds,
};
use ringpost_end_to_end::foundationdb::{
    Cluster, FaultsPlan, TwoNodesPlan, run_faults, run_two_nodes,
};
use ringpost_end_to_end::hostile::{HostilePlan, run_hostile};
use ringpost_end_to_end::planted::{CASES, PlantedCase, run_case};
use ringpost_end_to_end::rounds::{Ending, RoundsPlan, run_rounds};
use ringpost_end_to_end::slow_reader::{SlowReaderPlan, run_slow_reader};

use crate::trials::TrialCommand;

/// Most resident memory that a message to a receiver who does not read may cost, in bytes.
const BYTES_A_MESSAGE_MAX: f64 = 16.0;

/// Real clients load the real node while it is killed, loses power, or meets a receiver that does not read.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Trial(TrialCommand),
    /// Rounds that each end with SIGKILL.
    Kill(Rounds),
    /// Rounds that each end with SIGKILL and files cut back to what was synced.
    PowerLoss(Rounds),
    /// Clients with a database, each a process that is killed, loses power, is set back to a copy of its files, or stands still.
    ClientKill(ClientRounds),
    /// One such client; started by the rounds.
    #[command(hide = true)]
    Client(ChildOptions),
    /// Shows that rounds end with the finding that a planted defect must cause, and hold without a defect.
    Planted(Planted),
    /// Two nodes on one FoundationDB cluster, each home of everything, with load from both sides.
    TwoNodes {
        /// Seconds of load.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// Pairs of people.
        #[arg(long, default_value_t = 50)]
        pairs: u32,
        /// Core threads of each node.
        #[arg(long, default_value_t = 2)]
        cores: usize,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A FoundationDB server that is killed, stopped, restarted and slowed down under load.
    Database {
        /// How often each fault happens.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Seconds that a server stays killed, stopped or slow.
        #[arg(long, default_value_t = 30)]
        away_seconds: u64,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Attacks on the node, one after the other, while well-behaved clients talk beside each.
    Hostile {
        /// Seconds of each attack.
        #[arg(long, default_value_t = 35)]
        seconds: u64,
        /// Core threads of the node.
        #[arg(long, default_value_t = 2)]
        cores: usize,
        /// Only attacks whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A receiver that stops reading while messages arrive.
    SlowReader {
        /// Messages that arrive; memory is measured over the last four fifths.
        #[arg(long, default_value_t = 100_000)]
        messages: u64,
        /// Messages of 1 KiB sent before, to people who are away.
        #[arg(long, default_value_t = 200_000)]
        fill: u64,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Args)]
struct Rounds {
    /// Rounds.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Seed of the moments, the cuts and the load.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Senders.
    #[arg(long, default_value_t = 200)]
    senders: u32,
    /// Core threads of the node.
    #[arg(long, default_value_t = 2)]
    cores: usize,
    /// All clients connect with TLS.
    #[arg(long)]
    tls: bool,
    /// Another binary than the workspace's own.
    #[arg(long)]
    binary: Option<PathBuf>,
}

#[derive(Args)]
struct ClientRounds {
    /// Rounds, each of which hits one client.
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// Seed of the moments, the cuts, and of who is hit.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Pairs of clients.
    #[arg(long, default_value_t = 2)]
    pairs: u32,
    /// What happens to a client.
    #[arg(long, value_enum, default_value_t = ClientEnding::Kill)]
    ending: ClientEnding,
    /// How long a client stands still, with that ending.
    #[arg(long, default_value_t = 30)]
    away_seconds: u64,
}

/// Load, cores and binary are the cases' own.
#[derive(Args)]
struct Planted {
    /// Rounds of each case; some faults begin with the second.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    rounds: u32,
    /// Seed of the moments, the cuts and the load.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only cases whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let holds = match Arguments::parse().command {
        Command::Trial(trial) => match trial.run() {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Kill(rounds) => run(Ending::Kill, &rounds),
        Command::PowerLoss(rounds) => run(Ending::PowerLoss, &rounds),
        Command::ClientKill(rounds) => client_kill(&rounds),
        Command::Client(options) => run_child(&options).map(|()| true),
        Command::Planted(arguments) => planted(&arguments),
        Command::Hostile {
            seconds,
            cores,
            only,
            seed,
        } => hostile(&HostilePlan {
            cores,
            only,
            ..HostilePlan::new(Duration::from_secs(seconds), seed)
        }),
        Command::SlowReader {
            messages,
            fill,
            seed,
        } => slow_reader(messages, fill, seed),
        Command::TwoNodes {
            seconds,
            pairs,
            cores,
            seed,
        } => {
            let mut plan = TwoNodesPlan::new(Duration::from_secs(seconds), seed);
            plan.load.pairs = pairs;
            plan.cores = cores;
            two_nodes(&plan)
        }
        Command::Database {
            rounds,
            away_seconds,
            seed,
        } => database(rounds, away_seconds, seed),
    };
    match holds {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(ending: Ending, rounds: &Rounds) -> Result<bool, Box<dyn Error>> {
    let mut plan = RoundsPlan::new(ending, rounds.rounds, rounds.seed);
    plan.load.pairs = rounds.senders;
    plan.cores = rounds.cores;
    plan.with_tls = rounds.tls;
    plan.binary.clone_from(&rounds.binary);
    let report = run_rounds(&plan)?;
    println!("{:#}", report.to_json());
    Ok(report.is_clean())
}

fn client_kill(rounds: &ClientRounds) -> Result<bool, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let mut plan = ClientPlan::new(rounds.ending, rounds.rounds, rounds.seed, program);
    plan.pairs = rounds.pairs;
    plan.away = Duration::from_secs(rounds.away_seconds);
    let report = run_client_rounds(&plan)?;
    println!("{:#}", report.to_json());
    Ok(report.is_clean())
}

fn planted(arguments: &Planted) -> Result<bool, Box<dyn Error>> {
    let is_chosen = |case: &&PlantedCase| case.name.contains(&arguments.only);
    let cases: Vec<&PlantedCase> = CASES.iter().filter(is_chosen).collect();
    if cases.is_empty() {
        return Err(format!("no case's name contains {:?}", arguments.only).into());
    }
    let mut holds = true;
    for case in cases {
        let line = match run_case(case, arguments.rounds, arguments.seed) {
            Ok(report) => {
                println!("{:#}", report.to_json());
                holds &= report.verdict.is_as_it_must();
                report.verdict.to_string()
            }
            Err(error) => {
                holds = false;
                format!("NOT RUN: {error}")
            }
        };
        eprintln!("{:<32} {line}", case.name);
    }
    Ok(holds)
}

fn slow_reader(messages: u64, fill: u64, seed: u64) -> Result<bool, Box<dyn Error>> {
    let report = run_slow_reader(&SlowReaderPlan {
        fill_messages: fill,
        ..SlowReaderPlan::new(messages, seed)
    })?;
    println!("{:#}", report.to_json());
    Ok(report.is_clean() && report.bytes_a_message() <= BYTES_A_MESSAGE_MAX)
}

fn hostile(plan: &HostilePlan) -> Result<bool, Box<dyn Error>> {
    let report = run_hostile(plan)?;
    println!("{:#}", report.to_json());
    Ok(report.is_clean() && !report.cases.is_empty())
}

fn two_nodes(plan: &TwoNodesPlan) -> Result<bool, Box<dyn Error>> {
    let cluster = Cluster::any()?.ok_or("neither FDB_CLUSTER_FILE nor FDBSERVER is set")?;
    let report = run_two_nodes(plan, &cluster)?;
    println!("{:#}", report.to_json());
    Ok(report.is_clean() && report.is_contested())
}

fn database(rounds: u32, away_seconds: u64, seed: u64) -> Result<bool, Box<dyn Error>> {
    let mut cluster = Cluster::own()?.ok_or("FDBSERVER is not set")?;
    let plan = FaultsPlan::new(rounds, Duration::from_secs(away_seconds), seed);
    let report = run_faults(&plan, &mut cluster)?;
    println!("{:#}", report.to_json());
    Ok(report.is_clean())
}
