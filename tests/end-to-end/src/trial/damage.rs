//! A store damaged at random bytes. A node on it refuses to start and names the file, or ends when it meets the damage, or has all
//! of its messages; it never hands on anything else. `fsck` never calls clean what has lost something.
//!
//! The one loss that nobody can see is that of the log's end: it looks as if it had never been written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::damaged_file::{Damage, damage};
use super::error::{TrialError, failed};
use super::plan::TrialPlan;
use super::readers::{Reading, read_all};
use super::report::TrialReport;
use super::stage::{Stage, undressed};
use crate::{Fsck, NodeError, NodeProcess, Place};

/// Time of load before and after the receivers leave.
const LOAD: Duration = Duration::from_millis(1_500);
/// Everything is in the tables, but for the last moments.
const FLUSHING: [(&str, &str); 1] = [("RINGPOST_STORE__FLUSH_AGE_MS", "300")];
/// Pairs of people.
const PAIRS: u32 = 20;
/// Longest wait for what was read without damage.
const READ_TIMEOUT: Duration = Duration::from_secs(8);
/// Longest wait until all that was sent is answered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A store to damage, and what a node on it has to hand on.
struct Source {
    name: &'static str,
    folder: PathBuf,
    reading: Reading,
}

/// Makes the trial.
///
/// # Errors
/// It could not be made.
pub fn try_damage(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let mut load_plan = plan.clone();
    load_plan.load.pairs = PAIRS;
    let mut stage = Stage::begin(&load_plan, Stage::place()?, undressed(), (&FLUSHING, &[]))?;
    let target = Place::new()?;
    let folders = [("killed", "killed"), ("stopped", "stopped")]
        .map(|(name, folder)| (name, target.folder().join(folder)));
    make_sources(&mut stage, &folders)?;
    let mut sources = Vec::new();
    for (name, folder) in folders {
        replace(&folder, &target.data()).map_err(failed("copying a store"))?;
        let mut node = NodeProcess::start(&target.options(plan.cores))?;
        let reading = read_all(&load_plan.load, &target, &mut node, (None, READ_TIMEOUT))?;
        node.kill()?;
        sources.push(Source {
            name,
            folder,
            reading,
        });
    }
    let mut report = stage.end("damage")?;
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
    for round in 0..plan.rounds as usize {
        let source = &sources[round % sources.len()];
        let seen = one(&load_plan, &target, source, random.random())?;
        report.broken.extend(seen.broken);
        report.rounds.push(seen.line);
    }
    Ok(report)
}

/// Leaves two stores with messages that wait for their receivers: of a node that was killed, and of one that was stopped.
fn make_sources(
    stage: &mut Stage<'_>,
    [killed, stopped]: &[(&str, PathBuf); 2],
) -> Result<(), TrialError> {
    stage.fleet.order(|orders| orders.may_crash = false);
    stage.fleet.rest(LOAD);
    stage
        .fleet
        .order_some(|part| !part.is_sender, |orders| orders.is_connected = false);
    stage.fleet.rest(LOAD);
    stage.fleet.order(|orders| orders.is_sending = false);
    let is_answered = stage.fleet.wait_until(ANSWER_TIMEOUT, |totals| {
        // A receiver that left may keep an answer in its outbox.
        totals.sent + u64::from(PAIRS) * 16 >= totals.accepted
    });
    if !is_answered {
        stage.broken.push("not everything was answered".to_owned());
    }
    stage.kill()?;
    let data = stage.place.data();
    replace(&data, &killed.1).map_err(failed("copying a store"))?;
    if stage.start_well()?
        && let Some(mut node) = stage.node.take()
    {
        node.stop()?;
        stage.bury(&node);
        replace(&data, &stopped.1).map_err(failed("copying a store"))?;
    }
    stage.start_well()?;
    stage.fleet.order(|orders| {
        orders.is_connected = true;
        orders.is_sending = true;
    });
    Ok(())
}

struct Seen {
    line: Value,
    broken: Vec<String>,
}

/// One damage: what fsck says of it, and what a node on it does.
fn one(plan: &TrialPlan, target: &Place, source: &Source, seed: u64) -> Result<Seen, TrialError> {
    let lay = || -> Result<Damage, TrialError> {
        replace(&source.folder, &target.data()).map_err(failed("copying a store"))?;
        damage(&target.data().join("store"), seed).map_err(failed("damaging a store"))
    };
    lay()?;
    let fsck = Fsck::of_data(&target.data())?;
    let done = lay()?;
    let begun = Instant::now();
    let (outcome, detail) = match NodeProcess::start(&target.options(plan.cores)) {
        Err(NodeError::NotStarted { log }) => judge_refusal(&log, &target.data()),
        Err(error) => return Err(error.into()),
        Ok(node) => run_on(plan, target, source, node)?,
    };
    let fsck_says = match (fsck.is_clean(), fsck.to_json().get("not_run")) {
        (true, _) => "clean",
        (false, Some(_)) => "cannot be checked",
        (false, None) => "findings",
    };
    let is_lost_end = outcome == Outcome::Lost && done.is_end_of_log && fsck.is_clean();
    let is_well = match outcome {
        Outcome::Intact => true,
        Outcome::Refused => fsck_says == "cannot be checked",
        Outcome::Noticed => !fsck.is_clean(),
        Outcome::Lost => is_lost_end,
        Outcome::Wrong => false,
    };
    let line = json!({
        "store": source.name,
        "file": done.file,
        "damage": done.what,
        "node": if is_lost_end { "end of the log lost".to_owned() } else { format!("{outcome:?}") },
        "fsck": fsck_says,
        "detail": detail.replace(&target.data().display().to_string(), "…"),
        "ms": begun.elapsed().as_millis() as u64,
    });
    let broken = (!is_well).then(|| format!("seed {seed}: {line} {}", fsck.to_json()));
    Ok(Seen {
        line,
        broken: broken.into_iter().collect(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Everything is there.
    Intact,
    /// It does not start, and says why.
    Refused,
    /// It said that something is wrong, and handed on nothing wrong.
    Noticed,
    /// Messages are missing, and it says nothing.
    Lost,
    /// Something else was handed on, or it failed without a clear reason.
    Wrong,
}

/// A refusal is clear when it names a file or folder of the store, and no defect.
fn judge_refusal(log: &str, data: &Path) -> (Outcome, String) {
    let reason = log.lines().rfind(|line| line.starts_with("ringpost: "));
    let is_clear = reason.is_some_and(|reason| reason.contains(&*data.to_string_lossy()));
    match reason.filter(|_| is_clear && !log.contains("panicked")) {
        Some(reason) => (Outcome::Refused, reason.to_owned()),
        None => (Outcome::Wrong, log.to_owned()),
    }
}

fn run_on(
    plan: &TrialPlan,
    target: &Place,
    source: &Source,
    mut node: NodeProcess,
) -> Result<(Outcome, String), TrialError> {
    let wanted = Some(&source.reading);
    let reading = read_all(&plan.load, target, &mut node, (wanted, READ_TIMEOUT))?;
    // A damage that is met while the node stops counts as well.
    let stopped = node.stop();
    let errors = node.error_lines();
    if let Some(wrong) = reading.first_apart_from(&source.reading) {
        return Ok((Outcome::Wrong, wrong));
    }
    if log_panics(&node) {
        return Ok((Outcome::Wrong, node.log().join("\n")));
    }
    Ok(match errors.first() {
        Some(error) => (Outcome::Noticed, error.clone()),
        None if reading == source.reading => (Outcome::Intact, format!("{stopped:?}")),
        None => {
            let (has, of) = (reading.messages(), source.reading.messages());
            (Outcome::Lost, format!("{has} of {of} messages"))
        }
    })
}

fn log_panics(node: &NodeProcess) -> bool {
    node.log().iter().any(|line| line.contains("panicked at"))
}

/// Makes `target` a copy of the folder `source`.
fn replace(source: &Path, target: &Path) -> std::io::Result<()> {
    if target.exists() {
        std::fs::remove_dir_all(target)?;
    }
    std::fs::create_dir_all(target)?;
    for entry in std::fs::read_dir(source)? {
        let entry = entry?;
        let copy = target.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => replace(&entry.path(), &copy)?,
            false => drop(std::fs::copy(entry.path(), copy)?),
        }
    }
    Ok(())
}
