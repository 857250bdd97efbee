//! The trials as commands: each prints its report; `all` makes every one and closes with a table.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use ringpost_end_to_end::trial::{TRIALS, Trial, TrialError, TrialPlan, is_inside, run_inside};

/// Exit code of a trial for which the host lacks something.
const EXIT_SKIPPED: u8 = 77;
/// A short run of all trials makes one in so many of the rounds, at least one.
const SHORT: u32 = 5;
/// How long a fault lasts in a short run, in seconds.
const SHORT_AWAY_S: u64 = 3;

#[derive(Subcommand)]
pub(crate) enum TrialCommand {
    /// SIGTERM and SIGKILL in every phase of the node's life.
    Terminate(TrialArguments),
    /// The node stands still and goes on.
    Stop(TrialArguments),
    /// The disk fills up.
    DiskFull(TrialArguments),
    /// Writes and syncs are slow.
    DiskSlow(TrialArguments),
    /// Writes and syncs fail.
    DiskFailing(TrialArguments),
    /// The store is damaged at random bytes.
    Damage(TrialArguments),
    /// The clock is set back, set ahead, or stands still.
    Clock(TrialArguments),
    /// Few descriptors, little memory.
    Limits(TrialArguments),
    /// Packets are lost, connections are cut, held by one side alone, and reset.
    Network(TrialArguments),
    /// Every trial, one after the other.
    All {
        /// All rounds, without TLS and with it; otherwise a fifth of them, and faults of 3 s.
        #[arg(long)]
        long: bool,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Args, Clone)]
pub(crate) struct TrialArguments {
    /// Rounds; by default as many as the trial needs for each of its kinds.
    #[arg(long)]
    rounds: Option<u32>,
    /// How long a fault lasts, where it lasts.
    #[arg(long, default_value_t = 30)]
    away_seconds: u64,
    /// Seed of the moments, the faults and the load.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Senders.
    #[arg(long, default_value_t = 100)]
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

impl TrialArguments {
    fn plan(&self, trial: &Trial) -> TrialPlan {
        let mut plan = TrialPlan::new(self.rounds.unwrap_or(trial.rounds), self.seed);
        plan.away = Duration::from_secs(self.away_seconds);
        plan.load.pairs = self.senders;
        plan.cores = self.cores;
        plan.with_tls = self.tls;
        plan.binary.clone_from(&self.binary);
        plan
    }
}

impl TrialCommand {
    /// Makes it, and prints what came of it.
    pub(crate) fn run(&self) -> Result<ExitCode, Box<dyn Error>> {
        let (name, arguments) = match self {
            Self::Terminate(arguments) => ("terminate", arguments),
            Self::Stop(arguments) => ("stop", arguments),
            Self::DiskFull(arguments) => ("disk-full", arguments),
            Self::DiskSlow(arguments) => ("disk-slow", arguments),
            Self::DiskFailing(arguments) => ("disk-failing", arguments),
            Self::Damage(arguments) => ("damage", arguments),
            Self::Clock(arguments) => ("clock", arguments),
            Self::Limits(arguments) => ("limits", arguments),
            Self::Network(arguments) => ("network", arguments),
            Self::All { long, seed } => return all(*long, *seed),
        };
        let trial = TRIALS.iter().find(|trial| trial.name == name);
        let trial = trial.ok_or("no such trial")?;
        match run(trial, &arguments.plan(trial)) {
            Err(TrialError::Skipped(reason)) => {
                eprintln!("SKIPPED: {name}: {reason}");
                Ok(ExitCode::from(EXIT_SKIPPED))
            }
            result => Ok(result?),
        }
    }
}

fn run(trial: &Trial, plan: &TrialPlan) -> Result<ExitCode, TrialError> {
    if trial.needs_namespaces && !is_inside() {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let program = std::env::current_exe().unwrap_or_default();
        let code = run_inside(&program, &arguments)?.code();
        return Ok(ExitCode::from(code.map_or(1, |code| code as u8)));
    }
    let report = (trial.run)(plan)?;
    println!("{:#}", report.to_json());
    Ok(match report.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Each trial is a process of its own, so that none harms the next.
fn all(long: bool, seed: u64) -> Result<ExitCode, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let mut lines = Vec::new();
    for trial in &TRIALS {
        for with_tls in [false, true].into_iter().take(if long { 2 } else { 1 }) {
            let mut command = Command::new(&program);
            command.args([trial.name, "--seed", &seed.to_string()]);
            if !long {
                let rounds = (trial.rounds / SHORT).max(1).to_string();
                let away = SHORT_AWAY_S.to_string();
                command.args(["--rounds", &rounds, "--away-seconds", &away]);
            }
            command.args(with_tls.then_some("--tls"));
            let begun = Instant::now();
            let code = command.status()?.code();
            let verdict = match code {
                Some(0) => "held",
                Some(77) => "SKIPPED",
                _ => "BROKEN",
            };
            let seconds = begun.elapsed().as_secs();
            let tls = if with_tls { "tls" } else { "" };
            lines.push((
                format!("{:<14} {tls:<4} {seconds:>5} s", trial.name),
                verdict,
            ));
        }
    }
    for (line, verdict) in &lines {
        eprintln!("{line}  {verdict}");
    }
    let holds = lines.iter().all(|(_, verdict)| *verdict != "BROKEN");
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
