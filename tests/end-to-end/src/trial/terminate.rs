//! `SIGTERM` and `SIGKILL` in every phase of the node's life: start and replay, reconnects, load, flushing, drain.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde_json::json;

use super::error::TrialError;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::stage::{Stage, owned, undressed};
use crate::NodeProcess;

/// Number of `SIGKILL`.
const KILL: i32 = 9;
/// Number of `SIGTERM`.
const TERM: i32 = 15;
/// When in a life under load the node is hit, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;
/// When after the first order to stop the next signal comes, in milliseconds.
const DRAIN_MS: std::ops::RangeInclusive<u64> = 0..=900;
/// When after a start the node is hit while its clients come back, in milliseconds.
const RECONNECT_MS: std::ops::RangeInclusive<u64> = 0..=80;
/// A node that flushes all the time, and merges often.
const FLUSHING: [(&str, &str); 2] = [
    ("RINGPOST_STORE__FLUSH_AGE_MS", "100"),
    ("RINGPOST_STORE__OVERLAY_MIB", "8"),
];

/// When the signal comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// While it starts: the lock, the tables, the replay of the log, the doors.
    Start,
    /// Right after its start, while all clients come back.
    Reconnect,
    /// Under load.
    Load,
    /// Under load, while the store flushes without pause.
    Flush,
    /// While sessions leave, after a first `SIGTERM`.
    Drain,
}

const PHASES: [Phase; 5] = [
    Phase::Start,
    Phase::Reconnect,
    Phase::Load,
    Phase::Flush,
    Phase::Drain,
];

/// Makes the trial: each round a phase in turn, with `SIGKILL` and `SIGTERM` alternately over the phases.
///
/// # Errors
/// It could not be made.
pub fn try_terminate(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let mut stage = Stage::begin(plan, Stage::place()?, undressed(), (&[], &[]))?;
    for round in 0..plan.rounds as usize {
        let phase = PHASES[round % PHASES.len()];
        let signal = [KILL, TERM][(round / PHASES.len()) % 2];
        if !live_and_end(&mut stage, phase, signal)? {
            break;
        }
    }
    stage.end("terminate")
}

/// One round. Answers whether the node runs again.
fn live_and_end(stage: &mut Stage<'_>, phase: Phase, signal: i32) -> Result<bool, TrialError> {
    let is_other_node = phase == Phase::Flush;
    if is_other_node {
        stage.kill()?;
        stage.variables = owned(&FLUSHING);
        if !stage.start_well()? {
            return Ok(false);
        }
    }
    let (node, wait) = node_in(stage, phase)?;
    let Some(mut node) = node else {
        return Ok(false);
    };
    let hit = Instant::now();
    node.signal(if signal == KILL { "KILL" } else { "TERM" })?;
    let status = node.wait_end()?;
    let ended_ms = hit.elapsed().as_millis() as u64;
    stage.bury(&node);
    if !is_expected(status, phase, signal) {
        stage
            .broken
            .push(format!("{phase:?}: signal {signal} ended it with {status}"));
    }
    stage.variables.clear();
    let is_started = stage.start_well()?;
    let first_sent_ms = stage.await_service();
    stage.rounds.push(json!({
        "phase": format!("{phase:?}"),
        "signal": signal,
        "after_ms": wait.as_millis() as u64,
        "status": status.to_string(),
        "ended_ms": ended_ms,
        "ready_ms": stage.ready.as_millis() as u64,
        "first_sent_ms": first_sent_ms,
    }));
    Ok(is_started && first_sent_ms.is_some())
}

/// The node in the phase, and the time that it had there.
fn node_in(
    stage: &mut Stage<'_>,
    phase: Phase,
) -> Result<(Option<NodeProcess>, Duration), TrialError> {
    let load = stage.moment(LOAD_MS);
    let drain = stage.moment(DRAIN_MS);
    let reconnect = stage.moment(RECONNECT_MS);
    let start = stage.moment(0..=stage.ready.as_millis() as u64 * 5 / 4);
    match phase {
        Phase::Load | Phase::Flush => {
            stage.fleet.rest(load);
            Ok((stage.node.take(), load))
        }
        Phase::Start => {
            stage.fleet.rest(load);
            stage.kill()?;
            let node = stage.spawn()?;
            stage.fleet.rest(start);
            Ok((Some(node.into_process()), start))
        }
        Phase::Reconnect => {
            stage.fleet.rest(load);
            stage.kill()?;
            if stage.start_well()? {
                stage.fleet.rest(reconnect);
            }
            Ok((stage.node.take(), reconnect))
        }
        Phase::Drain => {
            stage.fleet.rest(load);
            if let Some(node) = &stage.node {
                node.signal("TERM")?;
            }
            stage.fleet.rest(drain);
            Ok((stage.node.take(), drain))
        }
    }
}

/// An order to stop is obeyed; before the node listens for it, it ends as any process does.
fn is_expected(status: ExitStatus, phase: Phase, signal: i32) -> bool {
    let is_ordered = status.code() == Some(0);
    match (phase, signal) {
        (Phase::Start, TERM) => is_ordered || status.signal() == Some(TERM),
        (Phase::Drain, KILL) => is_ordered || status.signal() == Some(KILL),
        (_, KILL) => status.signal() == Some(KILL),
        _ => is_ordered,
    }
}
