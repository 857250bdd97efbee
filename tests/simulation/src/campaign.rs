//! A long run over all scenarios with fresh seeds on all cores: batch after batch, each a line of a file when it is done. It
//! stops when its time is over, and goes on where the file ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::counts::Counts;
use crate::run::{Failure, run_seed};
use crate::scenario::{SCENARIOS, Scenario};

const SEEDS_A_BATCH: u64 = 20;
/// Of so many batches in a row all but those of the other scenarios are of the main one.
const MAIN_OF: u64 = 2;
const MAIN: &str = "all-at-once";
/// Fresh seeds are below this, for people to read them.
const FRESH_BELOW: u64 = 1_000_000_000;

/// What a campaign is given.
#[derive(Args, Clone, Debug)]
pub struct Campaign {
    /// How long to go on, in seconds.
    #[arg(long)]
    pub seconds: u64,
    /// The folder that holds `batches.tsv` and `findings.txt`.
    #[arg(long)]
    pub dir: PathBuf,
    /// The first seed; without it that of the folder, or a fresh one.
    #[arg(long)]
    pub from: Option<u64>,
    /// Run only these scenarios: names with commas between them.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// How many seeds at a time; without it one a core.
    #[arg(long)]
    pub threads: Option<usize>,
}

/// What all batches together came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Batches.
    pub batches: u64,
    /// Seeds.
    pub seeds: u64,
    /// Messages that were stored.
    pub messages: u64,
    /// Seeds that broke a rule.
    pub findings: u64,
    /// Milliseconds that threads took, waiting for a core included.
    pub thread_ms: u64,
    /// How often each thing took place.
    pub counts: BTreeMap<String, u64>,
}

/// A batch that is done, as its line says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Batch {
    number: u64,
    scenario: String,
    from: u64,
    seeds: u64,
    messages: u64,
    findings: u64,
    thread_ms: u64,
    counts: Vec<(String, u64)>,
}

/// What the threads share.
struct Shared {
    base: u64,
    scenarios: Vec<&'static Scenario>,
    next: u64,
    done: BTreeSet<u64>,
    sum: Sum,
    file: File,
    findings: File,
    failure: Option<io::Error>,
}

impl Campaign {
    /// Runs until the time is over.
    ///
    /// # Errors
    /// The folder's files cannot be read or written, or say something else.
    pub fn run(&self) -> io::Result<Sum> {
        let shared = Mutex::new(self.open()?);
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..self.threads.unwrap_or(cores).max(1) {
                scope.spawn(|| work(&shared, until));
            }
        });
        // A thread that panicked left nothing half done: a batch is added when it is whole.
        let shared = shared.into_inner().unwrap_or_else(|held| held.into_inner());
        match shared.failure {
            Some(error) => Err(error),
            None => Ok(shared.sum),
        }
    }

    fn open(&self) -> io::Result<Shared> {
        std::fs::create_dir_all(&self.dir)?;
        let path = self.dir.join("batches.tsv");
        let (found, batches) = read(&path)?;
        let base = match (found, self.from) {
            (Some(found), Some(from)) if found != from => {
                let what = format!("{} begins with seed {found}", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
            (Some(found), _) => found,
            (None, from) => from.unwrap_or_else(fresh_seed),
        };
        let is_chosen = |scenario: &&Scenario| {
            self.only.is_empty() || self.only.iter().any(|name| name == scenario.name)
        };
        let scenarios: Vec<_> = SCENARIOS.iter().filter(is_chosen).collect();
        if scenarios.is_empty() {
            let what = "no such scenario: `simulate list` names them";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let mut file = append_to(&path)?;
        if found.is_none() {
            writeln!(file, "base\t{base}")?;
        }
        println!("seeds from {base}; {} batches are done", batches.len());
        let mut shared = Shared {
            base,
            scenarios,
            next: 0,
            done: batches.iter().map(|batch| batch.number).collect(),
            sum: Sum::default(),
            file,
            findings: append_to(&self.dir.join("findings.txt"))?,
            failure: None,
        };
        batches.iter().for_each(|batch| shared.sum.add(batch));
        Ok(shared)
    }
}

impl Shared {
    /// The next batch that is not done.
    fn take(&mut self) -> (u64, &'static Scenario, u64) {
        while self.done.contains(&self.next) {
            self.next += 1;
        }
        let number = self.next;
        self.next += 1;
        let from = self.base + number * SEEDS_A_BATCH;
        (number, scenario_of(&self.scenarios, number), from)
    }

    fn add(&mut self, batch: &Batch, failures: &[Failure]) -> io::Result<()> {
        for failure in failures {
            println!("{}: {}", failure.command(), failure.what);
            writeln!(self.findings, "{}\t{}", failure.command(), failure.what)?;
        }
        self.sum.add(batch);
        writeln!(self.file, "{}", batch.line())?;
        self.file.flush()
    }
}

/// Every other batch is of the main scenario, the others take turns.
fn scenario_of(scenarios: &[&'static Scenario], number: u64) -> &'static Scenario {
    let main = scenarios.iter().find(|scenario| scenario.name == MAIN);
    match main {
        Some(main) if !number.is_multiple_of(MAIN_OF) => main,
        Some(_) => scenarios[(number / MAIN_OF) as usize % scenarios.len()],
        None => scenarios[number as usize % scenarios.len()],
    }
}

fn work(shared: &Mutex<Shared>, until: Instant) {
    while Instant::now() < until {
        let Ok((number, scenario, from)) = shared.lock().map(|mut shared| shared.take()) else {
            return;
        };
        let Some((batch, failures)) = run_batch(number, scenario, from, until) else {
            return;
        };
        let Ok(mut shared) = shared.lock() else {
            return;
        };
        if let Err(error) = shared.add(&batch, &failures) {
            shared.failure = Some(error);
            return;
        }
    }
}

/// Runs a batch; `None` when the time is over before it is done.
fn run_batch(
    number: u64,
    scenario: &'static Scenario,
    from: u64,
    until: Instant,
) -> Option<(Batch, Vec<Failure>)> {
    let started = Instant::now();
    let (mut counts, mut failures) = (Counts::default(), Vec::new());
    for seed in from..from + SEEDS_A_BATCH {
        if Instant::now() > until {
            return None;
        }
        match run_seed(scenario, seed, false) {
            Ok(outcome) => counts.merge(&outcome.counts),
            Err(failure) => failures.push(*failure),
        }
    }
    let batch = Batch {
        number,
        scenario: scenario.name.to_owned(),
        from,
        seeds: SEEDS_A_BATCH,
        messages: counts.of("messages stored"),
        findings: failures.len() as u64,
        thread_ms: started.elapsed().as_millis() as u64,
        counts: counts
            .iter()
            .map(|(name, times)| (name.to_owned(), times))
            .collect(),
    };
    Some((batch, failures))
}

impl Sum {
    fn add(&mut self, batch: &Batch) {
        self.batches += 1;
        self.seeds += batch.seeds;
        self.messages += batch.messages;
        self.findings += batch.findings;
        self.thread_ms += batch.thread_ms;
        for (name, times) in &batch.counts {
            *self.counts.entry(name.clone()).or_default() += times;
        }
    }

    /// Messages a second of one thread.
    pub fn messages_a_second(&self) -> u64 {
        self.messages * 1_000 / self.thread_ms.max(1)
    }
}

impl Batch {
    fn line(&self) -> String {
        let counts = self.counts.iter();
        let counts: Vec<String> = counts
            .map(|(name, times)| format!("{name}={times}"))
            .collect();
        format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            self.number,
            self.scenario,
            self.from,
            self.seeds,
            self.messages,
            self.findings,
            self.thread_ms,
            counts.join(";")
        )
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split('\t');
        let number = words.next()?.parse().ok()?;
        let scenario = words.next()?.to_owned();
        let mut next = || words.next()?.parse::<u64>().ok();
        let (from, seeds, messages) = (next()?, next()?, next()?);
        let (findings, thread_ms) = (next()?, next()?);
        let counts = words.next()?.split(';').filter(|count| !count.is_empty());
        let counts = counts.map(|count| {
            let (name, times) = count.split_once('=')?;
            Some((name.to_owned(), times.parse().ok()?))
        });
        Some(Self {
            number,
            scenario,
            from,
            seeds,
            messages,
            findings,
            thread_ms,
            counts: counts.collect::<Option<_>>()?,
        })
    }
}

/// The first seed that a file names, and its batches. A last line that is not whole is left out: its batch runs again.
fn read(path: &Path) -> io::Result<(Option<u64>, Vec<Batch>)> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, Vec::new())),
        Err(error) => return Err(error),
    };
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut lines = whole.lines();
    let base = lines.next().and_then(|line| line.strip_prefix("base\t"));
    let base = base.and_then(|base| base.parse().ok());
    Ok((base, lines.filter_map(Batch::read).collect()))
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let text = std::fs::read(path)?;
    if text.last().is_some_and(|byte| *byte != b'\n') {
        writeln!(file)?;
    }
    Ok(file)
}

fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |since| since.as_nanos() as u64 % FRESH_BELOW + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let batch = Batch {
            number: 3,
            scenario: "calm".to_owned(),
            from: 61,
            seeds: 20,
            messages: 1_234,
            findings: 0,
            thread_ms: 56,
            counts: vec![("claims".to_owned(), 7), ("settled as lost".to_owned(), 1)],
        };
        assert_eq!(Batch::read(&batch.line()), Some(batch));
        assert_eq!(Batch::read("3\tcalm\t61"), None);
    }

    #[test]
    fn every_scenario_has_its_turn_and_the_main_one_half_of_all() {
        let all: Vec<&Scenario> = SCENARIOS.iter().collect();
        let turns = 2 * all.len() as u64;
        let names: Vec<&str> = (0..turns)
            .map(|turn| scenario_of(&all, turn).name)
            .collect();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), all.len());
        let main = names.iter().filter(|name| **name == MAIN).count();
        assert_eq!(main, all.len() + 1);
    }
}
