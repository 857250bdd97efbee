//! Writes and syncs that are slow, or fail. A slow disk delays answers and harms nothing; after a failed one the node ends, and
//! nothing that was not synced has been answered: the files are cut back to what was synced before the next start.

use std::process::Command;
use std::time::Duration;

use ringpost_power_loss::{Shim, cut_to_synced};
use serde_json::{Value, json};

use super::error::TrialError;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::shim::{ALL, EIO, ENOSPC, Faults, Field};
use super::stage::{Dress, Stage};
use crate::Place;

/// When under load it happens, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;
/// A node that runs so long after its disk has failed did not notice.
const END_TIMEOUT: Duration = Duration::from_secs(20);
/// The tables are written all the time too.
const FLUSHING: [(&str, &str); 1] = [("RINGPOST_STORE__FLUSH_AGE_MS", "200")];
const LOG: &str = "/store/log";
const TABLES: &str = "/store/tables";

/// Each slow disk: its name, which files, and how long writes and syncs take, in milliseconds.
const SLOW: [(&str, &str, i64, i64); 5] = [
    ("syncs of 100 ms", "/store", 0, 100),
    ("syncs of 1 s", LOG, 0, 1_000),
    ("syncs of 5 s", LOG, 0, 5_000),
    ("writes of 100 ms", LOG, 100, 0),
    ("slow tables", TABLES, 20, 500),
];

/// One way to fail.
struct Failure {
    name: &'static str,
    path: &'static str,
    fields: &'static [(Field, i64)],
    /// Whether the node must go on.
    is_borne: bool,
}

const fn failure(
    name: &'static str,
    path: &'static str,
    fields: &'static [(Field, i64)],
) -> Failure {
    Failure {
        name,
        path,
        fields,
        is_borne: false,
    }
}

const ONE_SYNC: [(Field, i64); 2] = [(Field::SyncErrno, EIO), (Field::FailingSyncs, 1)];
const ALL_SYNCS: [(Field, i64); 2] = [(Field::SyncErrno, EIO), (Field::FailingSyncs, ALL)];
const ONE_WRITE: [(Field, i64); 2] = [(Field::WriteErrno, EIO), (Field::FailingWrites, 1)];
const NO_ROOM: [(Field, i64); 2] = [(Field::WriteErrno, ENOSPC), (Field::FailingWrites, ALL)];
/// The error is set first: the failures count from when they are set.
const SHORT: [(Field, i64); 2] = [(Field::WriteErrno, 0), (Field::FailingWrites, 500)];

const FAILURES: [Failure; 8] = [
    failure("a sync of the log", LOG, &ONE_SYNC),
    failure("all syncs", "/store", &ALL_SYNCS),
    failure("a write of the log", LOG, &ONE_WRITE),
    failure("no room for writes", LOG, &NO_ROOM),
    Failure {
        is_borne: true,
        ..failure("short writes", "/store", &SHORT)
    },
    failure("a sync of the tables", TABLES, &ONE_SYNC),
    failure("a write of the tables", TABLES, &ONE_WRITE),
    failure("a sync of how far was flushed", "/store/FLUSHED", &ONE_SYNC),
];

/// Makes the trial of slow disks, each in turn for the time of the plan.
///
/// # Errors
/// It could not be made.
pub fn try_disk_slow(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let place = Stage::place()?;
    let faults = Faults::new(place.folder())?;
    let dress: Dress<'_> = Box::new(|_, command| Ok(faults.dress(command)));
    let mut stage = Stage::begin(plan, place, dress, (&FLUSHING, &[]))?;
    for round in 0..plan.rounds as usize {
        let (name, path, write_ms, sync_ms) = SLOW[round % SLOW.len()];
        let moment = stage.moment(LOAD_MS);
        stage.fleet.rest(moment);
        let before = stage.fleet.totals();
        faults.meet(path)?;
        faults.set(Field::WriteDelayUs, write_ms * 1_000)?;
        faults.set(Field::SyncDelayUs, sync_ms * 1_000)?;
        stage.fleet.rest(plan.away);
        let during = stage.fleet.totals();
        let hit = hits(&faults)?;
        faults.clear()?;
        let first_sent_ms = stage.await_service();
        stage.rounds.push(json!({
            "disk": name,
            "hit": hit,
            "sent_during": during.sent - before.sent,
            "sessions_lost": during.lost_sessions - before.lost_sessions,
            "first_sent_ms": first_sent_ms,
        }));
        if !stage.must_run() {
            break;
        }
    }
    stage.end("disk-slow")
}

/// Makes the trial of failing disks, each kind in turn.
///
/// # Errors
/// It could not be made.
pub fn try_disk_failing(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let place = Stage::place()?;
    let faults = Faults::new(place.folder())?;
    let explained = ["Input/output error", "No space left on device"];
    let dress: Dress<'_> = Box::new(|place, command| preloaded(&faults, place, command));
    let mut stage = Stage::begin(plan, place, dress, (&FLUSHING, &explained))?;
    for round in 0..plan.rounds as usize {
        let failure = &FAILURES[round % FAILURES.len()];
        if !fail(&mut stage, &faults, failure)? {
            break;
        }
    }
    stage.end("disk-failing")
}

/// The faults stand before the recorder of power losses: a sync that fails never reaches it.
fn preloaded(faults: &Faults, place: &Place, mut command: Command) -> Result<Command, TrialError> {
    Shim::new().command(&mut command, &place.data(), &place.shadow())?;
    Ok(faults.dress(command))
}

/// One round. Answers whether the node runs again.
fn fail(stage: &mut Stage<'_>, faults: &Faults, failure: &Failure) -> Result<bool, TrialError> {
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    faults.meet(failure.path)?;
    for (field, value) in failure.fields {
        faults.set(*field, *value)?;
    }
    let mut seen = json!({ "disk": failure.name });
    if failure.is_borne {
        seen["first_sent_ms"] = stage.await_service().into();
        stage.fleet.rest(Duration::from_millis(500));
        seen["hit"] = hits(faults)?;
        faults.clear()?;
        stage.rounds.push(seen);
        return Ok(stage.must_run());
    }
    let code = stage.await_end(END_TIMEOUT);
    // A merge of tables that fails leaves those that it read: the node may go on without merging.
    let may_go_on = failure.path == TABLES && code.is_none();
    if may_go_on {
        stage.kill()?;
    } else if code != Some(1) {
        let name = failure.name;
        stage
            .broken
            .push(format!("{name}: it ended with {code:?} instead of 1"));
        stage.kill()?;
    }
    seen["code"] = code.into();
    seen["hit"] = hits(faults)?;
    faults.clear()?;
    let lost = cut_to_synced(&stage.place.data(), &stage.place.shadow())?;
    seen["cut_bytes"] = lost.bytes_lost.into();
    let is_started = stage.start_well()?;
    seen["first_sent_ms"] = stage.await_service().into();
    stage.rounds.push(seen);
    Ok(is_started)
}

fn hits(faults: &Faults) -> Result<Value, TrialError> {
    Ok(json!({
        "writes": faults.get(Field::HitWrites)?,
        "syncs": faults.get(Field::HitSyncs)?,
    }))
}
