//! A node under load while the server of its database is killed, stopped, restarted and slowed down; then the checks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringpost_wire::{ChatId, Seq};

use super::cluster::Cluster;
use super::database::Database;
use super::fault::Fault;
use super::faults_report::{FaultOutcome, FaultsReport};
use super::run_error::RunError;
use super::two_nodes_report::NodeFigures;
use crate::check::check;
use crate::load::{Fleet, LoadPlan};
use crate::{NodeProcess, Place, Tokens};

/// Longest wait until a node is ready, or until everyone is registered and has a chat.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// Service that is not back after this time never will be.
const BACK_TIMEOUT: Duration = Duration::from_secs(90);
/// Load without a fault before each fault.
const CALM: Duration = Duration::from_secs(2);

/// Faults to run.
#[derive(Clone, Debug)]
pub struct FaultsPlan {
    /// How often each fault happens.
    pub rounds: u32,
    /// How long a killed, stopped or slow server stays so.
    pub away: Duration,
    /// The load.
    pub load: LoadPlan,
    /// Core threads of the node.
    pub cores: usize,
    /// Longest wait for everything to settle at the end.
    pub settle_timeout: Duration,
}

impl FaultsPlan {
    /// Each fault `rounds` times under the load of 50 senders. No client crashes: every session must be kept.
    pub fn new(rounds: u32, away: Duration, seed: u64) -> Self {
        Self {
            rounds,
            away,
            load: LoadPlan::new(50, seed),
            cores: 2,
            settle_timeout: Duration::from_secs(120),
        }
    }
}

/// Makes the run and checks what came of it.
///
/// # Errors
/// It could not be made.
pub fn run_faults(plan: &FaultsPlan, cluster: &mut Cluster) -> Result<FaultsReport, RunError> {
    let place = Place::new()?;
    let mut node = NodeProcess::start(&cluster.options(&place, 1, plan.cores)?)?;
    if !node.wait_ready(BEGIN_TIMEOUT) {
        return Err(RunError::NotReady);
    }
    let fleet = Fleet::start(&plan.load, place.native(), &Tokens::of(&place.data())?);
    let has_begun = fleet.begin(BEGIN_TIMEOUT)
        && fleet.wait_until(BEGIN_TIMEOUT, |totals| totals.closed_chats == 0);
    if !has_begun {
        return Err(RunError::NotBegun(fleet.totals()));
    }
    let server = cluster.server().ok_or(RunError::NoServer)?;
    let mut outcomes = Vec::new();
    for _ in 0..plan.rounds {
        for fault in Fault::ALL {
            fleet.rest(CALM);
            outcomes.push(suffer(fault, plan.away, server, (&node, &fleet))?);
        }
    }
    let is_settled = fleet.settle(plan.settle_timeout, plan.settle_timeout);
    let totals = fleet.totals();
    let logs = fleet.finish();
    let mut heads: BTreeMap<ChatId, Seq> = BTreeMap::new();
    for log in &logs {
        if let Ok(head) = place.head(&node, log.chat) {
            heads.insert(log.chat, head);
        }
    }
    let figures = NodeFigures::of(&node)?;
    let has_stopped_well = node.stop()?.success();
    Ok(FaultsReport {
        seed: plan.load.seed,
        outcomes,
        totals,
        is_settled,
        has_stopped_well,
        node: figures,
        error_lines: node.error_lines(),
        findings: check(&logs, &heads),
        fsck: cluster.fsck()?,
    })
}

/// One fault from its begin until service is back.
fn suffer(
    fault: Fault,
    away: Duration,
    server: &mut Database,
    (node, fleet): (&NodeProcess, &Fleet),
) -> Result<FaultOutcome, RunError> {
    let begun = Instant::now();
    let before = fleet.totals();
    fault.begin(server, fleet, away)?;
    if fault.is_absence() {
        fleet.rest(away);
    }
    let during = fleet.totals();
    let (status, reason) = node.get("/readyz", None)?;
    let away_ms = begun.elapsed().as_millis() as u64;
    fault.end(server)?;
    let (ready_ms, first_sent_ms) = await_service(node, fleet, during.sent);
    Ok(FaultOutcome {
        fault,
        away_ms,
        sent_during: during.sent - before.sent,
        not_ready: (status != 200).then(|| reason.trim().to_owned()),
        sessions_lost: fleet.totals().lost_sessions - before.lost_sessions,
        ready_ms,
        first_sent_ms,
    })
}

/// How long it takes until the node says ready, and until a message is answered.
fn await_service(node: &NodeProcess, fleet: &Fleet, sent: u64) -> (Option<u64>, Option<u64>) {
    let back = Instant::now();
    let (mut ready_ms, mut first_sent_ms) = (None, None);
    while back.elapsed() < BACK_TIMEOUT && (ready_ms.is_none() || first_sent_ms.is_none()) {
        let now_ms = back.elapsed().as_millis() as u64;
        let is_ready = matches!(node.get("/readyz", None), Ok((200, _)));
        ready_ms = ready_ms.or(is_ready.then_some(now_ms));
        let is_sent = fleet.totals().sent > sent;
        first_sent_ms = first_sent_ms.or(is_sent.then_some(now_ms));
        fleet.rest(Duration::from_millis(5));
    }
    (ready_ms, first_sent_ms)
}
