//! `simulate`: runs seeds of a scenario, prints what took place and how to run a failing seed again; shrinks one; goes on for long.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use ringpost_simulation::campaign::Campaign;
use ringpost_simulation::counts::Counts;
use ringpost_simulation::reduction::{Reduction, TROUBLES};
use ringpost_simulation::run::{missed, run_reduced, run_seed, run_twice};
use ringpost_simulation::scenario::{SCENARIOS, Scenario};
use ringpost_simulation::shrink::Shrink;

/// Runs Ringpost's nodes and clients in a simulated world.
#[derive(Parser)]
#[command(name = "simulate", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    seeds: Seeds,
}

#[derive(Subcommand)]
enum Verb {
    /// Names the scenarios.
    List,
    /// Names the kinds of trouble that `--calmed` switches off.
    Troubles,
    /// Makes a failing seed small, and shows what happens in what is left.
    Shrink(Shrinking),
    /// Runs fresh seeds of all scenarios for a time, on all cores; goes on where it stopped.
    Campaign(Campaign),
}

#[derive(Args)]
struct Shrinking {
    /// The scenario.
    scenario: String,
    /// The failing seed.
    #[arg(long)]
    seed: u64,
    /// How long to try, in seconds.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    #[command(flatten)]
    reduction: Reduction,
}

#[derive(Args)]
struct Seeds {
    /// The scenario, or `all`.
    #[arg(default_value = "", hide_default_value = true)]
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
    #[command(flatten)]
    reduction: Reduction,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.verb {
        Some(Verb::List) => {
            for scenario in SCENARIOS {
                println!("{:<14} {}", scenario.name, scenario.about);
            }
            ExitCode::SUCCESS
        }
        Some(Verb::Troubles) => {
            TROUBLES.iter().for_each(|(name, _)| println!("{name}"));
            ExitCode::SUCCESS
        }
        Some(Verb::Shrink(shrinking)) => shrink(&shrinking),
        Some(Verb::Campaign(campaign)) => go_on_for_long(&campaign),
        None => run_seeds(&arguments.seeds),
    }
}

fn chosen(name: &str) -> Vec<&'static Scenario> {
    let is_chosen = |scenario: &&Scenario| name == "all" || scenario.name == name;
    let chosen: Vec<&Scenario> = SCENARIOS.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        eprintln!("no scenario `{name}`: `simulate list` names them");
    }
    chosen
}

fn run_seeds(seeds: &Seeds) -> ExitCode {
    let chosen = chosen(&seeds.scenario);
    if seeds.hunt {
        return hunt(seeds, &chosen);
    }
    let failures = chosen.iter().map(|scenario| run(seeds, scenario));
    if chosen.is_empty() || failures.sum::<usize>() > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// What panics is reported as a finding.
fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// Prints scenario, seed and finding, separated by tabs, of the first seed that fails. Success when none does.
fn hunt(seeds: &Seeds, chosen: &[&Scenario]) -> ExitCode {
    silence_panics();
    for seed in seeds.from..seeds.from + seeds.seeds {
        for scenario in chosen {
            if let Err(failure) = run_seed(scenario, seed, false) {
                let what = failure.what.replace('\n', " ");
                println!("{}\t{seed}\t{what}", scenario.name);
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Answers how many seeds failed; one more when too little took place.
fn run(arguments: &Seeds, scenario: &Scenario) -> usize {
    let (from, seeds) = match arguments.seed {
        Some(seed) => (seed, 1),
        None => (arguments.from, arguments.seeds),
    };
    let started = Instant::now();
    let mut counts = Counts::default();
    let (mut failures, mut took_us, mut digest) = (0, 0, 0);
    for seed in from..from + seeds {
        let outcome = if arguments.twice {
            run_twice(scenario, seed, &arguments.reduction)
        } else {
            run_reduced(scenario, seed, &arguments.reduction, arguments.timeline)
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
    if arguments.reduction != Reduction::default() {
        return failures;
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

/// Makes a failing seed small, and prints what is left of it.
fn shrink(arguments: &Shrinking) -> ExitCode {
    let Some(scenario) = Scenario::named(&arguments.scenario) else {
        eprintln!("no such scenario: `simulate list` names them");
        return ExitCode::FAILURE;
    };
    silence_panics();
    let Err(failure) = run_reduced(scenario, arguments.seed, &arguments.reduction, false) else {
        eprintln!(
            "{} with seed {} does not fail",
            scenario.name, arguments.seed
        );
        return ExitCode::FAILURE;
    };
    let time = Duration::from_secs(arguments.seconds);
    let mut shrink = Shrink::new(scenario, *failure, time);
    let before = shrink.size();
    shrink.run();
    for line in shrink.failure.tail.iter().filter(|line| is_readable(line)) {
        println!("{line}");
    }
    println!(
        "{} with seed {}: {}",
        scenario.name, arguments.seed, shrink.failure.what
    );
    println!("before: {before}");
    println!("after:  {} ({} runs)", shrink.size(), shrink.runs);
    println!("again: {} --timeline", shrink.failure.command());
    ExitCode::SUCCESS
}

/// Whether a line tells more than that a core was busy.
fn is_readable(line: &str) -> bool {
    ![" turn of ", " submits "]
        .iter()
        .any(|busy| line.contains(busy))
}

fn go_on_for_long(campaign: &Campaign) -> ExitCode {
    silence_panics();
    let sum = match campaign.run() {
        Ok(sum) => sum,
        Err(error) => {
            eprintln!("{}: {error}", campaign.dir.display());
            return ExitCode::FAILURE;
        }
    };
    for (name, times) in &sum.counts {
        println!("  {times:>12}  {name}");
    }
    println!(
        "{} seeds in {} batches, {} messages stored, {} a second of a thread, {} findings",
        sum.seeds,
        sum.batches,
        sum.messages,
        sum.messages_a_second(),
        sum.findings
    );
    if sum.findings > 0 {
        println!(
            "findings are in {}",
            campaign.dir.join("findings.txt").display()
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
