//! The node's clock is set back, set ahead, or stands still, under load and over restarts. Sessions stay, times in a chat never run
//! back, nothing is removed early; only newcomers' tokens are judged by the wrong time, until it is right again.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::TrialError;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::shim::{Faults, Field};
use super::stage::{Dress, Stage, owned};
use crate::raw::{RawConnection, Said};
use crate::{Tokens, now_s};

/// When under load it happens, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;
/// How long a newcomer's token holds: less than any clock is wrong.
const TOKEN_LIFE_S: u64 = 1_800;
/// A round for retention outlasts the first sweep, which comes 10 s after the start.
const SWEPT: Duration = Duration::from_secs(13);

/// What is wrong with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// Its time is so many seconds after the right one, or before.
    By(i64),
    /// It shows the moment at which it stopped.
    StandsStill,
    /// Two days back, with messages kept for one day, and nobody there to receive them.
    BackAndSwept,
}

const WRONGS: [Wrong; 6] = [
    Wrong::By(-HOUR_S),
    Wrong::By(HOUR_S),
    Wrong::StandsStill,
    Wrong::By(-300 * DAY_S),
    Wrong::By(40 * DAY_S),
    Wrong::BackAndSwept,
];

/// Makes the trial: each kind in turn, in every other turn with a restart amid it.
///
/// # Errors
/// It could not be made.
pub fn try_clock(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    let place = Stage::place()?;
    let faults = Faults::new(place.folder())?;
    let dress: Dress<'_> = Box::new(|_, command| Ok(faults.dress(command)));
    let mut stage = Stage::begin(plan, place, dress, (&[], &[]))?;
    for round in 0..plan.rounds as usize {
        let wrong = WRONGS[round % WRONGS.len()];
        let restarts = (round + round / WRONGS.len()) % 2 == 1;
        let goes_on = match wrong {
            Wrong::BackAndSwept => sweep(&mut stage, &faults)?,
            _ => go_wrong(&mut stage, &faults, wrong, restarts)?,
        };
        if !goes_on {
            break;
        }
    }
    stage.end("clock")
}

fn go_wrong(
    stage: &mut Stage<'_>,
    faults: &Faults,
    wrong: Wrong,
    restarts: bool,
) -> Result<bool, TrialError> {
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    let before = stage.fleet.totals();
    set(faults, wrong)?;
    stage
        .fleet
        .rest(stage.plan.away.min(Duration::from_secs(5)));
    let newcomer = welcome(stage, wrong, matches!(wrong, Wrong::StandsStill))?;
    let lost_sessions = stage.fleet.totals().lost_sessions - before.lost_sessions;
    if lost_sessions > 0 {
        stage
            .broken
            .push(format!("{wrong:?}: {lost_sessions} sessions were lost"));
    }
    if restarts {
        stage.kill()?;
        if !stage.start_well()? {
            return Ok(false);
        }
        stage.await_service();
    }
    let during = stage.fleet.totals();
    faults.clear()?;
    let first_sent_ms = stage.await_service();
    let newcomer_after = welcome(stage, wrong, true)?;
    stage.rounds.push(json!({
        "clock": format!("{wrong:?}"),
        "restarted": restarts,
        "sent_during": during.sent - before.sent,
        "newcomer": newcomer,
        "newcomer_after": newcomer_after,
        "first_sent_ms": first_sent_ms,
    }));
    Ok(stage.must_run())
}

/// Messages that wait for their receivers outlast a clock that is behind.
fn sweep(stage: &mut Stage<'_>, faults: &Faults) -> Result<bool, TrialError> {
    stage
        .fleet
        .order_some(|part| !part.is_sender, |orders| orders.is_connected = false);
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    stage.kill()?;
    set(faults, Wrong::By(-2 * DAY_S))?;
    stage.variables = owned(&[("RINGPOST_STORE__RETENTION_DAYS", "1")]);
    if !stage.start_well()? {
        return Ok(false);
    }
    stage.fleet.rest(SWEPT);
    let swept = |stage: &Stage<'_>| -> Result<Value, TrialError> {
        let node = stage.node.as_ref().ok_or(crate::NodeError::NotStopped)?;
        Ok(json!(node.metric("ringpost_store_swept_messages_total")?))
    };
    let swept_while_back = swept(stage)?;
    stage.kill()?;
    faults.clear()?;
    if !stage.start_well()? {
        return Ok(false);
    }
    stage.fleet.rest(SWEPT);
    let swept_after = swept(stage)?;
    stage.variables.clear();
    stage.fleet.order(|orders| orders.is_connected = true);
    let first_sent_ms = stage.await_service();
    stage.rounds.push(json!({
        "clock": format!("{:?}", Wrong::BackAndSwept),
        "swept_while_back": swept_while_back,
        "swept_after": swept_after,
        "first_sent_ms": first_sent_ms,
    }));
    Ok(stage.must_run())
}

fn set(faults: &Faults, wrong: Wrong) -> Result<(), TrialError> {
    const NANOSECONDS: i64 = 1_000_000_000;
    match wrong {
        Wrong::By(seconds) => faults.set(Field::ClockOffsetNs, seconds * NANOSECONDS),
        Wrong::StandsStill => faults.set(Field::ClockStandsAtNs, now_s() as i64 * NANOSECONDS),
        Wrong::BackAndSwept => faults.set(Field::ClockOffsetNs, -2 * DAY_S * NANOSECONDS),
    }
}

/// Somebody new with a fresh token, who must be let in or not.
fn welcome(stage: &mut Stage<'_>, wrong: Wrong, is_let_in: bool) -> Result<String, TrialError> {
    let tokens = Tokens::of(&stage.place.data())?.holding(0, TOKEN_LIFE_S);
    let token = tokens.make("newcomer", 1);
    let said = RawConnection::open(stage.place.native()).and_then(|mut connection| {
        connection.hello(&token)?;
        connection.next_said()
    });
    let is_well = match &said {
        Ok(Said::Welcome) => is_let_in,
        Ok(Said::Failure { fatal, .. }) => *fatal && !is_let_in,
        _ => false,
    };
    if !is_well {
        stage
            .broken
            .push(format!("{wrong:?}: a newcomer hears {said:?}"));
    }
    Ok(format!("{said:?}"))
}
