//! Few descriptors and little memory: at the start a clear refusal or a node that works, under load a clear refusal of who is too many,
//! and an end by the kernel for want of memory is as harmless as any kill.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::error::{TrialError, failed};
use super::memory_group::MemoryGroup;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::stage::{Dress, Stage, owned, within};
use crate::Tokens;
use crate::raw::RawConnection;

/// When under load it happens, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;
/// Limits of descriptors at the start.
const OPEN_FILES: [u32; 6] = [8, 16, 32, 64, 128, 512];
/// Limits of the address space at the start, in MiB.
const ADDRESS_SPACE_MIB: [u32; 6] = [16, 64, 128, 256, 512, 1_024];
/// Limit of descriptors under load.
const OPEN_FILES_UNDER_LOAD: u32 = 512;
/// Those who come while all places are taken.
const CROWD: u32 = 500;
/// How long they wait to be let in.
const CROWD_WAIT: Duration = Duration::from_secs(2);
/// Longest wait until the kernel ends it.
const END_TIMEOUT: Duration = Duration::from_secs(20);
/// What a refusal for want of descriptors or memory says.
const CLEAR: [&str; 8] = [
    "out of memory",
    "no memory for an io_uring",
    "RLIMIT_NOFILE",
    "Too many open files",
    "Cannot allocate memory",
    "memory allocation of",
    "make a thread for",
    "make its thread",
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
            Some(log) => reason_in(log),
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

/// The line that says why it does not start; the allocator may complain around it.
fn reason_in(log: &str) -> String {
    let is_clear = |line: &&str| CLEAR.iter().any(|clear| line.contains(clear));
    log.lines().rfind(is_clear).unwrap_or(log).to_owned()
}

/// More people than places: the ones too many are not let in, and nobody who is there notices.
fn crowd(stage: &mut Stage<'_>, wrapper: &Wrapper) -> Result<Value, TrialError> {
    let open_files = OPEN_FILES_UNDER_LOAD;
    // Each core has room for all devices, whichever they come to, and both cores together for fewer than come.
    let sessions = stage.fleet.totals().devices.to_string();
    stage.kill()?;
    *wrapper.borrow_mut() = vec![
        "prlimit".to_owned(),
        format!("--nofile={open_files}:{open_files}"),
    ];
    stage.variables = owned(&[("RINGPOST_LIMITS__SESSIONS_PER_CORE", &sessions)]);
    if !stage.start_well()? {
        return Ok(Value::Null);
    }
    stage
        .fleet
        .wait_until(END_TIMEOUT, |totals| totals.live == totals.devices);
    stage.fleet.rest(Duration::from_millis(500));
    stage.fleet.order(|orders| orders.may_crash = false);
    let before = stage.fleet.totals();
    let tokens = Tokens::of(&stage.place.data())?;
    let mut held = Vec::new();
    for index in 0..CROWD {
        let token = tokens.make(&format!("crowd-{index}"), 1);
        let mut connection =
            RawConnection::open(stage.place.native()).map_err(failed("joining a crowd"))?;
        // One that is closed already shows it below.
        let _ = connection.hello(&token);
        held.push(connection);
    }
    stage.fleet.rest(CROWD_WAIT);
    let mut heard: BTreeMap<String, u32> = BTreeMap::new();
    for connection in &mut held {
        let set = connection.set_read_timeout(Duration::from_millis(1));
        set.map_err(failed("listening in a crowd"))?;
        let said = match connection.next_said() {
            Ok(said) => format!("{said:?}"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => "nothing".to_owned(),
            Err(error) => error.to_string(),
        };
        *heard.entry(said).or_default() += 1;
    }
    stage.await_service();
    stage.fleet.rest(Duration::from_millis(500));
    let after = stage.fleet.totals();
    stage.fleet.order(|orders| orders.may_crash = true);
    let lost = after.lost_sessions - before.lost_sessions;
    let is_told = heard.keys().any(|said| said.contains("Overloaded"));
    if lost > 0 || heard.len() < 2 || !is_told {
        stage.broken.push(format!(
            "{lost} sessions were lost beside a crowd that hears {heard:?}"
        ));
    }
    Ok(json!({
        "limit": "--nofile under load",
        "crowd_hears": heard,
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
    let end = Instant::now() + END_TIMEOUT;
    let mut code = None;
    while code.is_none() && Instant::now() < end {
        // What is cached is given up first: then what is used is less, and the limit follows.
        group.limit(group.used_bytes());
        code = stage.await_end(Duration::from_millis(50));
    }
    if code != Some(-1) {
        stage
            .broken
            .push(format!("without memory it ended with {code:?}"));
    }
    Ok(json!({
        "limit": "memory",
        "used_bytes": used_bytes,
        "killed": code == Some(-1),
    }))
}
