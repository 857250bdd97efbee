//! The node stands still (`SIGSTOP`) for a time under load and goes on (`SIGCONT`), as when a machine is suspended or moved.

use serde_json::json;

use super::error::TrialError;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::stage::{Stage, undressed};

/// When under load it happens, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;

/// Makes the trial.
///
/// # Errors
/// It could not be made.
pub fn try_stop(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let mut stage = Stage::begin(plan, Stage::place()?, undressed(), (&[], &[]))?;
    for _ in 0..plan.rounds {
        stand_still(&mut stage)?;
        if !stage.must_run() {
            break;
        }
    }
    stage.end("stop")
}

fn stand_still(stage: &mut Stage<'_>) -> Result<(), TrialError> {
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    let Some(node) = &stage.node else {
        return Ok(());
    };
    let before = stage.fleet.totals();
    node.signal("STOP")?;
    stage.fleet.rest(stage.plan.away);
    let during = stage.fleet.totals();
    node.signal("CONT")?;
    let first_sent_ms = stage.await_service();
    let after = stage.fleet.totals();
    stage.rounds.push(json!({
        "away_ms": stage.plan.away.as_millis() as u64,
        "accepted_during": during.accepted - before.accepted,
        "sessions_lost": after.lost_sessions - before.lost_sessions,
        "first_sent_ms": first_sent_ms,
    }));
    Ok(())
}
