//! The disk fills up under load. The node ends with a clear error, does not start while the disk is full unless it needs no room,
//! and goes on when there is room again.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::RngExt;
use serde_json::json;

use super::error::{TrialError, failed};
use super::namespace::system;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::stage::{Stage, undressed};

/// Bytes of the disk.
const DISK: &str = "size=48m,mode=700";
/// What every error about it says.
const NO_SPACE: &str = "No space left on device";
/// Bytes that are left free at most.
const LEFT_BYTES_MAX: u64 = 512 * 1024;
/// When under load it fills up, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;
/// A node under load that runs so long on a full disk needs no room.
const END_TIMEOUT: Duration = Duration::from_secs(20);
/// Starts on a full disk.
const STARTS: usize = 3;
/// The tables are written all the time too.
const FLUSHING: [(&str, &str); 1] = [("RINGPOST_STORE__FLUSH_AGE_MS", "200")];

/// Makes the trial, in namespaces of its own.
///
/// # Errors
/// It could not be made.
pub fn try_disk_full(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let place = Stage::place()?;
    let _disk = Disk::mount(&place.data())?;
    let mut stage = Stage::begin(plan, place, undressed(), (&FLUSHING, &[NO_SPACE]))?;
    for _ in 0..plan.rounds {
        if !fill_and_empty(&mut stage)? {
            break;
        }
    }
    stage.end("disk-full")
}

fn fill_and_empty(stage: &mut Stage<'_>) -> Result<bool, TrialError> {
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    let filler = stage.place.data().join("filler");
    let left_bytes = stage.random.random_range(0..=LEFT_BYTES_MAX);
    fill(&filler, left_bytes).map_err(failed("filling the disk"))?;
    let before = stage.fleet.totals().sent;
    let code = stage.await_end(END_TIMEOUT);
    match code {
        Some(1) => {}
        Some(code) => stage
            .broken
            .push(format!("a full disk ended it with {code}")),
        None => stage
            .broken
            .push("it goes on without room under load".to_owned()),
    }
    let sent_while_full = stage.fleet.totals().sent - before;
    let starts = start_without_room(stage)?;
    std::fs::remove_file(&filler).map_err(failed("making room"))?;
    let is_started = stage.start_well()?;
    let first_sent_ms = stage.await_service();
    stage.rounds.push(json!({
        "left_bytes": left_bytes,
        "code": code,
        "sent_while_full": sent_while_full,
        "starts_while_full": starts,
        "first_sent_ms": first_sent_ms,
    }));
    Ok(is_started && first_sent_ms.is_some())
}

/// Each start is refused with the reason and the file, or runs on what room there is until that is gone.
fn start_without_room(stage: &mut Stage<'_>) -> Result<Vec<String>, TrialError> {
    stage.kill()?;
    let mut seen = Vec::new();
    for _ in 0..STARTS {
        let Some(log) = stage.start()? else {
            seen.push("started".to_owned());
            stage.await_end(Duration::from_secs(5));
            stage.kill()?;
            continue;
        };
        let data = stage.place.data().display().to_string();
        let reason = log.lines().last().unwrap_or_default();
        if !reason.contains(NO_SPACE) || !reason.contains(&data) {
            stage
                .broken
                .push(format!("refused without a clear reason: {log}"));
        }
        seen.push(reason.replace(&data, "…"));
    }
    Ok(seen)
}

/// Writes a file until there is no room, then gives back `left_bytes`.
fn fill(path: &Path, left_bytes: u64) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new().create(true).append(true).open(path)?;
    for piece in [vec![0; 1 << 16], vec![0; 1 << 9]] {
        loop {
            match file.write(&piece) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error),
            }
        }
    }
    let bytes = file.metadata()?.len();
    file.set_len(bytes.saturating_sub(left_bytes))
}

/// A small file system in memory.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: &Path) -> Result<Self, TrialError> {
        std::fs::create_dir_all(path).map_err(failed("making a folder"))?;
        let target = path.display().to_string();
        system(&["mount", "-t", "tmpfs", "-o", DISK, "trial", &target])?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The namespace takes it along in any case.
        let _ = system(&["umount", "--lazy", &self.0.display().to_string()]);
    }
}
