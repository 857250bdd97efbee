//! A bad network between the node and its clients: packets are lost, everything is lost for a time while one side goes on, dies or
//! dials anew, connections are reset. Each side is in a network namespace of its own.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::json;

use super::error::TrialError;
use super::namespace::system;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::stage::{Dress, Stage, within};
use crate::Place;

/// When under load it happens, in milliseconds.
const LOAD_MS: std::ops::RangeInclusive<u64> = 200..=1_500;
const NODE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
const IN_NODES: [&str; 4] = ["ip", "netns", "exec", "node"];
/// Two namespaces, tied by a pair of interfaces. What `ip` leaves in /run is gone with the trial.
const LAYING: [&[&str]; 8] = [
    &["mount", "-t", "tmpfs", "trial", "/run"],
    &["ip", "netns", "add", "node"],
    &[
        "ip", "link", "add", "clients", "type", "veth", "peer", "name", "node", "netns", "node",
    ],
    &["ip", "address", "add", "10.77.0.1/30", "dev", "clients"],
    &["ip", "link", "set", "clients", "up"],
    &[
        "ip",
        "-n",
        "node",
        "address",
        "add",
        "10.77.0.2/30",
        "dev",
        "node",
    ],
    &["ip", "-n", "node", "link", "set", "node", "up"],
    &["ip", "-n", "node", "link", "set", "lo", "up"],
];

/// What is wrong with the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    /// One packet in 20 is lost, both ways.
    Loss,
    /// Nothing passes; both sides go on.
    Cut,
    /// Nothing passes, and the node is killed and started meanwhile: its clients hold connections that it does not know.
    CutAndRestart,
    /// Nothing passes, and the clients dial anew meanwhile: the node holds connections that they do not know.
    CutAndRoam,
    /// What the node says is lost, what its clients say is not.
    Deaf,
    /// One packet in 200 is answered with a reset and lost, both ways: a connection is reset at any byte, and half of it stays.
    Resets,
    /// Packets wait, overtake each other, come twice and are lost.
    Disorder,
}

const BADS: [Bad; 7] = [
    Bad::Loss,
    Bad::Cut,
    Bad::Resets,
    Bad::CutAndRestart,
    Bad::CutAndRoam,
    Bad::Deaf,
    Bad::Disorder,
];

impl Bad {
    /// Whether messages must be answered meanwhile.
    fn lets_through(self) -> bool {
        matches!(self, Self::Loss | Self::Resets | Self::Disorder)
    }
}

/// Makes the trial, in namespaces of its own: each kind in turn for the time of the plan.
///
/// # Errors
/// It could not be made.
pub fn try_network(plan: &TrialPlan) -> Result<TrialReport, TrialError> {
    for command in LAYING {
        system(command)?;
    }
    let dress: Dress<'_> = Box::new(|_, command| Ok(within(&IN_NODES, &command)));
    let mut stage = Stage::begin(plan, Place::at(NODE)?, dress, (&[], &[]))?;
    for round in 0..plan.rounds as usize {
        if !suffer(&mut stage, BADS[round % BADS.len()])? {
            break;
        }
    }
    stage.end("network")
}

fn suffer(stage: &mut Stage<'_>, bad: Bad) -> Result<bool, TrialError> {
    let moment = stage.moment(LOAD_MS);
    stage.fleet.rest(moment);
    let before = stage.fleet.totals();
    if let Err(reason) = begin(bad) {
        eprintln!("SKIPPED: network: {bad:?}: {reason}");
        stage
            .rounds
            .push(json!({ "network": format!("{bad:?}"), "skipped": reason.to_string() }));
        end(bad)?;
        return Ok(true);
    }
    let half = stage.plan.away / 2;
    stage.fleet.rest(half);
    match bad {
        Bad::CutAndRestart => {
            stage.kill()?;
            if !stage.start_well()? {
                return Ok(false);
            }
        }
        Bad::CutAndRoam => stage.fleet.order(|orders| orders.roams += 1),
        _ => {}
    }
    stage.fleet.rest(half);
    let during = stage.fleet.totals();
    end(bad)?;
    let sent_during = during.sent - before.sent;
    if bad.lets_through() && sent_during == 0 {
        stage.broken.push(format!("{bad:?}: nothing was answered"));
    }
    let first_sent_ms = stage.await_service();
    let all_live_ms = await_all(stage);
    stage.rounds.push(json!({
        "network": format!("{bad:?}"),
        "away_ms": stage.plan.away.as_millis() as u64,
        "sent_during": sent_during,
        "lost_sessions_and_dials": during.lost_sessions - before.lost_sessions,
        "first_sent_ms": first_sent_ms,
        "all_live_ms": all_live_ms,
    }));
    Ok(stage.must_run())
}

/// Waits until every client has a session again; how long that took.
fn await_all(stage: &mut Stage<'_>) -> Option<u64> {
    const ALL_TIMEOUT: Duration = Duration::from_secs(60);
    let begun = Instant::now();
    let are_all = stage
        .fleet
        .wait_until(ALL_TIMEOUT, |totals| totals.live == totals.devices);
    if !are_all {
        stage.broken.push("not every client came back".to_owned());
    }
    are_all.then(|| begun.elapsed().as_millis() as u64)
}

fn begin(bad: Bad) -> Result<(), TrialError> {
    const LOST: &str = "numgen random mod 100 < 5 drop";
    const RESET: &str = "meta l4proto tcp numgen random mod 1000 < 5 reject with tcp reset";
    match bad {
        Bad::Loss => filter(&[], LOST).and_then(|()| filter(&IN_NODES, LOST)),
        Bad::Resets => filter(&[], RESET).and_then(|()| filter(&IN_NODES, RESET)),
        Bad::Deaf => filter(&[], "iifname clients drop"),
        Bad::Cut | Bad::CutAndRestart | Bad::CutAndRoam => {
            system(&["ip", "link", "set", "clients", "down"]).map(drop)
        }
        Bad::Disorder => system(&[
            "tc",
            "qdisc",
            "add",
            "dev",
            "clients",
            "root",
            "netem",
            "delay",
            "20ms",
            "10ms",
            "reorder",
            "25%",
            "duplicate",
            "2%",
            "loss",
            "1%",
        ])
        .map(drop),
    }
}

fn end(bad: Bad) -> Result<(), TrialError> {
    match bad {
        Bad::Loss | Bad::Resets | Bad::Deaf => {
            for wrapper in [&[][..], &IN_NODES] {
                // Where it never came to be, there is nothing to remove.
                let _ = in_namespace(wrapper, &["nft", "delete", "table", "inet", "trial"]);
            }
            Ok(())
        }
        Bad::Cut | Bad::CutAndRestart | Bad::CutAndRoam => {
            system(&["ip", "link", "set", "clients", "up"]).map(drop)
        }
        Bad::Disorder => {
            // As above.
            let _ = system(&["tc", "qdisc", "del", "dev", "clients", "root"]);
            Ok(())
        }
    }
}

/// What comes in on one side is judged by a rule.
fn filter(wrapper: &[&str], rule: &str) -> Result<(), TrialError> {
    let chain = "{ type filter hook input priority 0; }";
    in_namespace(wrapper, &["nft", "add", "table", "inet", "trial"])?;
    in_namespace(
        wrapper,
        &["nft", "add", "chain", "inet", "trial", "input", chain],
    )?;
    let words: Vec<&str> = ["nft", "add", "rule", "inet", "trial", "input"]
        .into_iter()
        .chain(rule.split(' '))
        .collect();
    in_namespace(wrapper, &words)
}

fn in_namespace(wrapper: &[&str], command: &[&str]) -> Result<(), TrialError> {
    system(&[wrapper, command].concat()).map(drop)
}
