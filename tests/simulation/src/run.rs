//! Running seeds of a scenario: one, one twice, or many, and what came of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::counts::Counts;
use crate::reduction::Reduction;
use crate::scenario::Scenario;
use crate::world::World;

const LINES_SHOWN: usize = 60;

/// What came of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Digest of everything that happened.
    pub digest: u64,
    /// Lines of the log.
    pub lines: u64,
    /// How often things took place.
    pub counts: Counts,
    /// Virtual time that it took, in microseconds.
    pub took_us: u64,
}

/// A seed that broke a rule.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The seed.
    pub seed: u64,
    /// What was taken out of it.
    pub reduction: Reduction,
    /// What the checker says.
    pub what: String,
    /// When, in microseconds of virtual time.
    pub at_us: u64,
    /// The last lines of the log.
    pub tail: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.tail {
            writeln!(f, "{line}")?;
        }
        writeln!(
            f,
            "{} with seed {}: {}",
            self.scenario, self.seed, self.what
        )?;
        write!(f, "again: {} --timeline", self.command())
    }
}

impl Failure {
    /// The command that runs the seed again.
    pub fn command(&self) -> String {
        format!(
            "cargo run --release -p ringpost-simulation --bin simulate -- {} --seed {}{}",
            self.scenario, self.seed, self.reduction
        )
    }
}

/// Runs one seed.
///
/// # Errors
/// A rule was broken.
pub fn run_seed(scenario: &Scenario, seed: u64, is_printed: bool) -> Result<Outcome, Box<Failure>> {
    run_reduced(scenario, seed, &Reduction::default(), is_printed)
}

/// Runs what is left of one seed. A panic of the code under test is a failure like any other.
///
/// # Errors
/// A rule was broken.
pub fn run_reduced(
    scenario: &Scenario,
    seed: u64,
    reduction: &Reduction,
    is_printed: bool,
) -> Result<Outcome, Box<Failure>> {
    let mut world = World::new((scenario.settings)(), seed, reduction, is_printed);
    let panicked = catch_unwind(AssertUnwindSafe(|| world.run())).err();
    let what = match panicked {
        Some(panic) => Some(format!("panic: {}", words_of(panic.as_ref()))),
        None => world.violation.take(),
    };
    match what {
        Some(what) => Err(Box::new(Failure {
            scenario: scenario.name,
            seed,
            reduction: reduction.clone(),
            what,
            at_us: world.now_us,
            tail: world.log.tail(LINES_SHOWN),
        })),
        None => Ok(Outcome {
            digest: world.log.digest(),
            lines: world.log.count(),
            counts: world.counts,
            took_us: world.now_us,
        }),
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words")
        .to_owned()
}

/// Runs one seed twice.
///
/// # Errors
/// A rule was broken, or the two runs differ.
pub fn run_twice(
    scenario: &Scenario,
    seed: u64,
    reduction: &Reduction,
) -> Result<Outcome, Box<Failure>> {
    let first = run_reduced(scenario, seed, reduction, false)?;
    let second = run_reduced(scenario, seed, reduction, false)?;
    if (first.digest, first.lines) != (second.digest, second.lines) {
        return Err(Box::new(Failure {
            scenario: scenario.name,
            seed,
            reduction: reduction.clone(),
            what: "two runs of one seed differ".to_owned(),
            at_us: first.took_us,
            tail: Vec::new(),
        }));
    }
    Ok(first)
}

/// What a scenario expects of `seeds` seeds and did not get enough of, in words.
pub fn missed(scenario: &Scenario, seeds: u64, counts: &Counts) -> Vec<String> {
    let expects = scenario.expects.iter();
    expects
        .filter_map(|(name, in_hundred)| {
            let least = (in_hundred * seeds / 100).max(u64::from(seeds >= 10));
            let times = counts.of(name);
            (times < least).then(|| format!("{name}: {times} times, at least {least} expected"))
        })
        .collect()
}
