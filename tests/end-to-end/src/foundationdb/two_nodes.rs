//! Two nodes on one cluster, each home of every shard, under load from both sides: the store alone decides whose commit counts.
//!
//! Devices change between the nodes all the time, so both nodes write the same chats.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringpost_wire::{ChatId, Seq};

use super::cluster::Cluster;
use super::run_error::RunError;
use super::two_nodes_report::{NodeFigures, TwoNodesReport};
use crate::check::check;
use crate::load::{DeviceLog, Fleet, LoadPlan};
use crate::{NodeProcess, Place, Tokens};

/// Longest wait until a node is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait until everyone is registered and has a chat.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait until the remaining node tells a head: it must hold the shards first.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Time between two changes of some devices.
const ROAM_INTERVAL: Duration = Duration::from_secs(1);
/// One of so many devices changes at a time.
const ROAM_SHARE: usize = 8;

/// A run of two nodes.
#[derive(Clone, Debug)]
pub struct TwoNodesPlan {
    /// How long the load runs.
    pub duration: Duration,
    /// The load.
    pub load: LoadPlan,
    /// Core threads of each node.
    pub cores: usize,
    /// Longest wait for everything to settle at the end.
    pub settle_timeout: Duration,
}

impl TwoNodesPlan {
    /// 50 pairs for a time.
    pub fn new(duration: Duration, seed: u64) -> Self {
        Self {
            duration,
            load: LoadPlan {
                crash_one_in: 20_000,
                ..LoadPlan::new(50, seed)
            },
            cores: 2,
            settle_timeout: Duration::from_secs(120),
        }
    }
}

/// Makes the run and checks what came of it.
///
/// # Errors
/// It could not be made.
pub fn run_two_nodes(plan: &TwoNodesPlan, cluster: &Cluster) -> Result<TwoNodesReport, RunError> {
    let places = [Place::new()?, Place::new()?];
    let mut first = start(cluster, &places[0], 1, plan.cores)?;
    let fleet = begin(plan, &places)?;
    places[1].adopt_secret(&places[0])?;
    let mut second = start(cluster, &places[1], 2, plan.cores)?;
    let sent_before = fleet.totals().sent;
    load(plan, &fleet);
    let sent_under_load = fleet.totals().sent - sent_before;
    let figures = vec![NodeFigures::of(&first)?, NodeFigures::of(&second)?];
    let mut has_stopped_well = second.stop()?.success();
    // Who is with the first node has not heard what the second one stored.
    fleet.order(|orders| {
        orders.only_node = Some(0);
        orders.roams += 1;
    });
    let is_settled = fleet.settle(plan.settle_timeout, plan.settle_timeout);
    let totals = fleet.totals();
    let logs = fleet.finish();
    let heads = heads(&places[0], &first, &logs);
    has_stopped_well &= first.stop()?.success();
    let nodes = [first, second];
    Ok(TwoNodesReport {
        prefix: cluster.prefix().to_owned(),
        duration: plan.duration,
        seed: plan.load.seed,
        sent_under_load,
        totals,
        is_settled,
        has_stopped_well,
        nodes: figures,
        error_lines: nodes.iter().flat_map(NodeProcess::error_lines).collect(),
        findings: check(&logs, &heads),
        fsck: cluster.fsck()?,
    })
}

/// Registers everyone and opens all chats, with the first node alone.
fn begin(plan: &TwoNodesPlan, places: &[Place; 2]) -> Result<Fleet, RunError> {
    let servers = places.each_ref().map(Place::native);
    let fleet = Fleet::start_among(&plan.load, &servers, &Tokens::of(&places[0].data())?);
    fleet.order(|orders| orders.only_node = Some(0));
    let has_begun = fleet.begin(BEGIN_TIMEOUT)
        && fleet.wait_until(BEGIN_TIMEOUT, |totals| totals.closed_chats == 0);
    if !has_begun {
        return Err(RunError::NotBegun(fleet.totals()));
    }
    fleet.order(|orders| orders.only_node = None);
    Ok(fleet)
}

fn start(
    cluster: &Cluster,
    place: &Place,
    number: u32,
    cores: usize,
) -> Result<NodeProcess, RunError> {
    let node = NodeProcess::start(&cluster.options(place, number, cores)?)?;
    if node.wait_ready(READY_TIMEOUT) {
        return Ok(node);
    }
    Err(RunError::NotReady)
}

/// Lets the load run while devices change their node.
fn load(plan: &TwoNodesPlan, fleet: &Fleet) {
    let end = Instant::now() + plan.duration;
    for turn in 0.. {
        let rest = end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return;
        }
        fleet.rest(rest.min(ROAM_INTERVAL));
        fleet.order_some(
            |part| {
                let place = part.pair as usize * 2 + usize::from(part.is_sender);
                place % ROAM_SHARE == turn % ROAM_SHARE
            },
            |orders| orders.roams += 1,
        );
    }
}

fn heads(place: &Place, node: &NodeProcess, logs: &[DeviceLog]) -> BTreeMap<ChatId, Seq> {
    let end = Instant::now() + HEAD_TIMEOUT;
    let mut heads = BTreeMap::new();
    for log in logs {
        while !heads.contains_key(&log.chat) && Instant::now() < end {
            match place.head(node, log.chat) {
                Ok(head) => drop(heads.insert(log.chat, head)),
                // Another lane held the shard until now.
                Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
            }
        }
    }
    heads
}
