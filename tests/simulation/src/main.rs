//! `simulate`: runs seeds of a scenario, prints what took place, and how to run a failing seed again.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use ringpost_simulation::counts::Counts;
use ringpost_simulation::run::{missed, run_seed, run_twice};
use ringpost_simulation::scenario::{SCENARIOS, Scenario};

/// Runs Ringpost's nodes and clients in a simulated world.
#[derive(Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// The scenario, or `all`, or `list`.
    scenario: String,
    /// Run this seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds to run.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Run each seed twice and compare.
    #[arg(long)]
    twice: bool,
    /// Print everything that happens.
    #[arg(long)]
    timeline: bool,
    /// Go on after a failing seed, and list all of them.
    #[arg(long)]
    go_on: bool,
    /// Run the chosen scenarios in turn, seed by seed, until a checker finds something; says what and where.
    #[arg(long)]
    hunt: bool,
    /// Print how often things took place.
    #[arg(long)]
    counts: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.scenario == "list" {
        for scenario in SCENARIOS {
            println!("{:<14} {}", scenario.name, scenario.about);
        }
        return ExitCode::SUCCESS;
    }
    let is_chosen =
        |scenario: &&Scenario| arguments.scenario == "all" || scenario.name == arguments.scenario;
    let chosen: Vec<&Scenario> = SCENARIOS.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        eprintln!(
            "no scenario `{}`: `simulate list` names them",
            arguments.scenario
        );
        return ExitCode::FAILURE;
    }
    if arguments.hunt {
        return hunt(&arguments, &chosen);
    }
    let failures: usize = chosen
        .iter()
        .map(|scenario| run(&arguments, scenario))
        .sum();
    if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints scenario, seed and finding, separated by tabs, of the first seed that fails. Success when none does.
fn hunt(arguments: &Arguments, chosen: &[&Scenario]) -> ExitCode {
    // What panics is reported as a finding.
    std::panic::set_hook(Box::new(|_| {}));
    for seed in arguments.from..arguments.from + arguments.seeds {
        for scenario in chosen {
            if let Err(failure) = run_seed(scenario, seed, false) {
                println!(
                    "{}\t{seed}\t{}",
                    scenario.name,
                    failure.what.replace('\n', " ")
                );
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Answers how many seeds failed; one more when too little took place.
fn run(arguments: &Arguments, scenario: &Scenario) -> usize {
    let (from, seeds) = match arguments.seed {
        Some(seed) => (seed, 1),
        None => (arguments.from, arguments.seeds),
    };
    let started = Instant::now();
    let mut counts = Counts::default();
    let (mut failures, mut took_us, mut digest) = (0, 0, 0);
    for seed in from..from + seeds {
        let outcome = if arguments.twice {
            run_twice(scenario, seed)
        } else {
            run_seed(scenario, seed, arguments.timeline)
        };
        match outcome {
            Ok(outcome) => {
                counts.merge(&outcome.counts);
                took_us += outcome.took_us;
                digest ^= outcome.digest.rotate_left(seed as u32 % 64);
            }
            Err(failure) if arguments.go_on => {
                failures += 1;
                println!("{} seed {}: {}", scenario.name, seed, failure.what);
            }
            Err(failure) => {
                println!("{failure}");
                return 1;
            }
        }
    }
    report(scenario, seeds, started, (took_us, digest));
    if arguments.counts {
        counts
            .iter()
            .for_each(|(name, times)| println!("  {times:>9}  {name}"));
    }
    failures + judge(scenario, seeds, &counts)
}

fn report(scenario: &Scenario, seeds: u64, started: Instant, (took_us, digest): (u64, u64)) {
    let seconds = started.elapsed().as_secs_f64().max(0.001);
    println!(
        "{:<14} {seeds} seeds, {:.0} a second, {:.1} virtual seconds each, digest {digest:016x}",
        scenario.name,
        seeds as f64 / seconds,
        took_us as f64 / 1e6 / seeds as f64,
    );
}

fn judge(scenario: &Scenario, seeds: u64, counts: &Counts) -> usize {
    let missed = missed(scenario, seeds, counts);
    for what in &missed {
        println!("{}: {what}", scenario.name);
    }
    usize::from(!missed.is_empty())
}
