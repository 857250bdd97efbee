//! Few descriptors and little memory: at the start a clear refusal or a node that works, under load a clear refusal of who is too many,
//! and an end by the kernel for want of memory is as harmless as any kill.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};

use super::error::TrialError;
use super::memory_group::MemoryGroup;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::stage::{Dress, Stage, owned, within};
use crate::Tokens;
use crate::raw::{RawConnection, Said};

/// When under load it happens, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;
/// Limits of descriptors at the start.
const OPEN_FILES: [u32; 6] = [8, 16, 32, 64, 128, 512];
/// Limits of the address space at the start, in MiB.
const ADDRESS_SPACE_MIB: [u32; 6] = [16, 64, 128, 256, 512, 1_024];
/// Limit of descriptors under load, and of sessions a core beside it.
const UNDER_LOAD: (u32, &str) = (512, "150");
/// Those who come while all places are taken.
const CROWD: u32 = 200;
/// What the kernel leaves the node above what it uses, in bytes.
const MEMORY_LEFT_BYTES: u64 = 2 << 20;
/// Longest wait until the kernel ends it.
const END_TIMEOUT: Duration = Duration::from_secs(20);
/// What a refusal for want of descriptors or memory says.
const CLEAR: [&str; 5] = [
    "RLIMIT_NOFILE",
    "Too many open files",
    "Cannot allocate memory",
    "memory allocation of",
    "address space",
];

type Wrapper = RefCell<Vec<String>>;

/// Makes the trial: each kind in turn.
///
/// # Errors
/// It could not be made.
pub fn try_limits(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let wrapper = Wrapper::default();
    let dress: Dress<'_> = Box::new(|_, command| {
        let wrapper = wrapper.borrow();
        let words: Vec<&str> = wrapper.iter().map(String::as_str).collect();
        Ok(match words.is_empty() {
            true => command,
            false => within(&words, &command),
        })
    });
    let mut stage = Stage::begin(plan, Stage::place()?, dress, (&[], &[]))?;
    for round in 0..plan.rounds {
        let seen = match round % 4 {
            0 => starts(&mut stage, &wrapper, ("--nofile", &OPEN_FILES, 1))?,
            1 => crowd(&mut stage, &wrapper)?,
            2 => starts(&mut stage, &wrapper, ("--as", &ADDRESS_SPACE_MIB, 1 << 20))?,
            _ => starve(&mut stage, &wrapper)?,
        };
        wrapper.borrow_mut().clear();
        stage.variables.clear();
        stage.kill()?;
        let is_started = stage.start_well()?;
        stage.rounds.push(seen);
        if !is_started || stage.await_service().is_none() {
            break;
        }
    }
    stage.end("limits")
}

/// Starts under each limit: it works, or says clearly why not.
fn starts(
    stage: &mut Stage<'_>,
    wrapper: &Wrapper,
    (limit, values, unit): (&str, &[u32], u64),
) -> Result<Value, TrialError> {
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    let mut seen = json!({ "limit": limit });
    for value in values {
        stage.kill()?;
        let bytes = u64::from(*value) * unit;
        *wrapper.borrow_mut() = vec!["prlimit".to_owned(), format!("{limit}={bytes}:{bytes}")];
        let log = stage.start()?;
        let outcome = match &log {
            None => {
                stage.await_service();
                "works".to_owned()
            }
            Some(log) => log.lines().last().unwrap_or_default().to_owned(),
        };
        if log.is_some() && !CLEAR.iter().any(|clear| outcome.contains(clear)) {
            stage.broken.push(format!(
                "{limit}={value}: refused without a clear reason: {outcome}"
            ));
        }
        seen[value.to_string()] = outcome.into();
    }
    Ok(seen)
}

/// More people than places: the ones too many are refused, and nobody who is there notices.
fn crowd(stage: &mut Stage<'_>, wrapper: &Wrapper) -> Result<Value, TrialError> {
    let (open_files, sessions) = UNDER_LOAD;
    stage.kill()?;
    *wrapper.borrow_mut() = vec![
        "prlimit".to_owned(),
        format!("--nofile={open_files}:{open_files}"),
    ];
    stage.variables = owned(&[("RINGPOST_LIMITS__SESSIONS_PER_CORE", sessions)]);
    if !stage.start_well()? {
        return Ok(Value::Null);
    }
    stage
        .fleet
        .wait_until(END_TIMEOUT, |totals| totals.live == totals.devices);
    stage.fleet.rest(Duration::from_millis(500));
    let before = stage.fleet.totals();
    let tokens = Tokens::of(&stage.place.data())?;
    let (mut welcomed, mut refused, mut closed) = (0, 0, 0);
    let mut held = Vec::new();
    for index in 0..CROWD {
        let token = tokens.make(&format!("crowd-{index}"), 1);
        let said = RawConnection::open(stage.place.native()).and_then(|mut connection| {
            connection.hello(&token)?;
            let said = connection.next_said()?;
            held.push(connection);
            Ok(said)
        });
        match said {
            Ok(Said::Welcome) => welcomed += 1,
            Ok(Said::Failure { .. }) => refused += 1,
            Ok(Said::Closed) => closed += 1,
            other => stage.broken.push(format!("the crowd hears {other:?}")),
        }
    }
    stage.await_service();
    stage.fleet.rest(Duration::from_millis(500));
    let after = stage.fleet.totals();
    let crashed = after.crashes - before.crashes;
    let lost = after.lost_sessions - before.lost_sessions;
    if lost > crashed {
        stage
            .broken
            .push(format!("{lost} sessions were lost beside a crowd"));
    }
    Ok(json!({
        "limit": "--nofile under load",
        "welcomed": welcomed,
        "refused": refused,
        "closed": closed,
        "sessions_lost": lost,
        "sent": after.sent - before.sent,
    }))
}

/// The node's memory ends under load.
fn starve(stage: &mut Stage<'_>, wrapper: &Wrapper) -> Result<Value, TrialError> {
    let Some(group) = MemoryGroup::new() else {
        eprintln!("SKIPPED: limits: memory of a control group: none can be made here");
        return Ok(json!({ "limit": "memory", "skipped": true }));
    };
    stage.kill()?;
    *wrapper.borrow_mut() = group.wrapper();
    if !stage.start_well()? {
        return Ok(Value::Null);
    }
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    let used_bytes = group.used_bytes();
    // Refused where what is used cannot be brought below it at once: then the next tighter moment comes.
    let is_set = group.limit(used_bytes.saturating_sub(MEMORY_LEFT_BYTES));
    let code = stage.await_end(END_TIMEOUT);
    if code != Some(-1) {
        stage
            .broken
            .push(format!("without memory it ended with {code:?}"));
    }
    Ok(json!({
        "limit": "memory",
        "used_bytes": used_bytes,
        "limited": is_set,
        "killed": code == Some(-1),
    }))
}
