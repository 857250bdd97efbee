//! `instructions`: counts instructions and allocations of the benchmarks with callgrind, and holds them against the budget.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ringpost_instructions::budget::{Budget, BudgetError, Comparison, Tools, compare};
use ringpost_instructions::measure::{Cost, MeasureError, measure, run_counted};
use ringpost_instructions::{ENTRIES, Entry, STAGES, find};

/// Counts the instructions of Ringpost's pure crates.
#[derive(Parser)]
#[command(name = "instructions")]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Runs a few laps of a benchmark and counts nothing: what callgrind watches.
    Run {
        /// The benchmark.
        name: String,
    },
    /// Counts benchmarks and prints their costs.
    Count {
        /// Those whose name holds this.
        filter: Option<String>,
    },
    /// The budget of the stages.
    Budget {
        /// What to do with it.
        #[command(subcommand)]
        action: BudgetAction,
        /// Its file.
        #[arg(long, global = true, default_value = "tests/instructions/budget.toml")]
        file: PathBuf,
    },
}

#[derive(Clone, Copy, Subcommand)]
enum BudgetAction {
    /// Counts all stages; fails when one is above its budget, or far below.
    Check,
    /// Counts all stages and writes what they cost as their budget.
    Write,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no benchmark is called or holds `{0}`")]
    Unknown(String),
    #[error("built without --release: its instructions mean nothing")]
    NotOptimised,
    #[error(transparent)]
    Measure(#[from] MeasureError),
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

fn main() -> ExitCode {
    match run(Arguments::parse().action) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("instructions: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Answers whether everything is as it should be.
fn run(action: Action) -> Result<bool, Failure> {
    match action {
        Action::Run { name } => {
            run_counted(find(&name).ok_or(Failure::Unknown(name))?);
            Ok(true)
        }
        Action::Count { filter } => count(&filter.unwrap_or_default()),
        Action::Budget { action, file } => {
            let budget = Budget::read(&file)?;
            match action {
                BudgetAction::Check => check(&budget),
                BudgetAction::Write => write(&budget, &file),
            }
        }
    }
}

fn count(filter: &str) -> Result<bool, Failure> {
    let is_chosen = |entry: &&Entry| entry.name.contains(filter);
    let chosen: Vec<&Entry> = ENTRIES.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        return Err(Failure::Unknown(filter.to_owned()));
    }
    for entry in chosen {
        print_cost(entry, &cost(entry)?);
    }
    Ok(true)
}

fn check(budget: &Budget) -> Result<bool, Failure> {
    budget.check_stages()?;
    let tools = Tools::of_this_program();
    let costs = stages()?;
    let Some(compared) = compare(budget, &tools, &costs) else {
        println!(
            "\nNOTE: the budget is for {}: nothing was compared.",
            budget.tools.target
        );
        return Ok(true);
    };
    if budget.tools != tools {
        println!(
            "\nNOTE: the budget was counted with other tools ({}): up to {} % above it are allowed, and any cost below.\n\
             Write it anew when the project moves to these.",
            budget.tools, budget.above_percent_other_tools
        );
    }
    let advice: Vec<String> = compared.iter().filter_map(Comparison::advice).collect();
    println!();
    for line in &advice {
        println!("FAILED {line}");
    }
    if advice.is_empty() {
        println!("all {} figures are within the budget", compared.len());
    }
    Ok(advice.is_empty())
}

fn write(budget: &Budget, file: &std::path::Path) -> Result<bool, Failure> {
    let renewed = budget.renewed(Tools::of_this_program(), &stages()?);
    renewed.write(file)?;
    println!("\nwritten: {}", file.display());
    Ok(true)
}

/// The costs of all stages, printed as they come.
fn stages() -> Result<Vec<(&'static str, Cost)>, Failure> {
    println!("{}", Tools::of_this_program());
    let entries = STAGES.iter().filter_map(|name| find(name));
    entries
        .map(|entry| {
            let cost = cost(entry)?;
            print_cost(entry, &cost);
            Ok((entry.name, cost))
        })
        .collect()
}

fn cost(entry: &Entry) -> Result<Cost, Failure> {
    if cfg!(debug_assertions) {
        return Err(Failure::NotOptimised);
    }
    Ok(measure(entry)?)
}

fn print_cost(entry: &Entry, cost: &Cost) {
    println!(
        "{:<16} {:>12.2} instructions {:>8.2} allocations  {}",
        entry.name, cost.instructions, cost.allocations, entry.operation
    );
}
