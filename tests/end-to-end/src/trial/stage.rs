//! A node in a place of its own under a load that outlasts it: started, ended and started again by a trial, checked at the end.
//!
//! Invariant: every ERROR line of every life is either explained by the trial or in the report.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ringpost_wire::{ChatId, Seq};
use serde_json::Value;

use super::error::{TrialError, failed};
use super::plan::TrialPlan;
use super::report::TrialReport;
use crate::check::check;
use crate::load::{DeviceLog, Fleet};
use crate::tls::TlsDoor;
use crate::{Fsck, NodeError, NodeProcess, Place, StartingNode, Tokens};

/// Longest wait until everyone is registered and has a chat, at the start of the first life.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait for service after a fault.
const BACK_TIMEOUT: Duration = Duration::from_secs(90);
/// How long before and after now the clients' tokens hold, in seconds: whatever the node's clock shows.
const TOKEN_HOLDS_S: (u64, u64) = (400 * 86_400, 400 * 86_400);

/// Changes the command of a node before each start.
pub(super) type Dress<'a> = Box<dyn Fn(&Place, Command) -> Result<Command, TrialError> + 'a>;

/// A node's command as it is.
pub(super) fn undressed<'a>() -> Dress<'a> {
    Box::new(|_, command| Ok(command))
}

/// A command that runs another one.
pub(super) fn within(wrapper: &[&str], command: &Command) -> Command {
    let mut outer = Command::new(wrapper[0]);
    outer
        .args(&wrapper[1..])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// A trial under way.
pub(super) struct Stage<'a> {
    pub(super) plan: &'a TrialPlan,
    pub(super) place: Place,
    pub(super) random: ChaCha8Rng,
    pub(super) fleet: Fleet,
    pub(super) node: Option<NodeProcess>,
    /// Variables of the next start.
    pub(super) variables: Vec<(String, String)>,
    /// What was seen in each round.
    pub(super) rounds: Vec<Value>,
    /// What must not be.
    pub(super) broken: Vec<String>,
    /// How long the last start took.
    pub(super) ready: Duration,
    door: Option<TlsDoor>,
    dress: Dress<'a>,
    explained: &'a [&'a str],
    explained_error_lines: usize,
    error_lines: Vec<String>,
}

impl<'a> Stage<'a> {
    /// Starts the node and the load. Its variables hold until changed; ERROR lines that
    /// hold any of `explained` are the trial's own doing.
    pub(super) fn begin(
        plan: &'a TrialPlan,
        place: Place,
        dress: Dress<'a>,
        (variables, explained): (&[(&str, &str)], &'a [&'a str]),
    ) -> Result<Self, TrialError> {
        let variables = owned(variables);
        let door = plan.with_tls.then(|| TlsDoor::of(&place)).transpose();
        let door = door.map_err(failed("making a certificate"))?;
        let first = command(plan, &place, (door.as_ref(), &variables), &dress)?;
        let started = Instant::now();
        let node = NodeProcess::start_command(first)?;
        let ready = started.elapsed();
        let mut load = plan.load.clone();
        load.trust = door.as_ref().map(|door| door.trust().clone());
        let address = door.as_ref().map_or(place.native(), TlsDoor::address);
        let (before_s, after_s) = TOKEN_HOLDS_S;
        let tokens = Tokens::of(&place.data())?.holding(before_s, after_s);
        let fleet = Fleet::start(&load, address, &tokens);
        let has_begun = fleet.begin(BEGIN_TIMEOUT)
            && fleet.wait_until(BEGIN_TIMEOUT, |totals| totals.closed_chats == 0);
        if !has_begun {
            return Err(TrialError::NotBegun(fleet.totals()));
        }
        Ok(Self {
            plan,
            place,
            random: ChaCha8Rng::seed_from_u64(plan.seed),
            fleet,
            node: Some(node),
            variables,
            rounds: Vec::new(),
            broken: Vec::new(),
            ready,
            door,
            dress,
            explained,
            explained_error_lines: 0,
            error_lines: Vec::new(),
        })
    }

    /// A place for a node of this machine.
    pub(super) fn place() -> Result<Place, TrialError> {
        Ok(Place::at(Ipv4Addr::LOCALHOST)?)
    }

    /// Makes the process of the node's next life.
    pub(super) fn spawn(&self) -> Result<StartingNode, TrialError> {
        let extras = (self.door.as_ref(), self.variables.as_slice());
        let command = command(self.plan, &self.place, extras, &self.dress)?;
        Ok(NodeProcess::spawn(command)?)
    }

    /// Starts the node again and tells its clients. The end of its log if it does not start.
    pub(super) fn start(&mut self) -> Result<Option<String>, TrialError> {
        let started = Instant::now();
        match self.spawn()?.wait() {
            Ok(node) => self.node = Some(node),
            Err(NodeError::NotStarted { log }) => return Ok(Some(log)),
            Err(error) => return Err(error.into()),
        }
        self.ready = started.elapsed();
        self.fleet.wake();
        Ok(None)
    }

    /// Starts the node again, which must succeed. Answers whether it did.
    pub(super) fn start_well(&mut self) -> Result<bool, TrialError> {
        let refusal = self.start()?;
        let is_started = refusal.is_none();
        self.broken
            .extend(refusal.map(|log| format!("did not start: {log}")));
        Ok(is_started)
    }

    /// Notes the end of a process.
    pub(super) fn bury(&mut self, node: &NodeProcess) {
        for line in node.error_lines() {
            match self.explained.iter().any(|part| line.contains(part)) {
                true => self.explained_error_lines += 1,
                false => self.error_lines.push(line),
            }
        }
    }

    /// Kills the node.
    pub(super) fn kill(&mut self) -> Result<(), TrialError> {
        if let Some(mut node) = self.node.take() {
            node.kill()?;
            self.bury(&node);
        }
        Ok(())
    }

    /// Waits until a message is answered that was not answered before; how long that took. Broken if none is.
    pub(super) fn await_service(&mut self) -> Option<u64> {
        let before = self.fleet.totals().sent;
        let begun = Instant::now();
        let is_back = self
            .fleet
            .wait_until(BACK_TIMEOUT, |totals| totals.sent > before);
        if !is_back {
            self.broken
                .push("no message was answered any more".to_owned());
        }
        is_back.then(|| begun.elapsed().as_millis() as u64)
    }

    /// Waits until the node has ended by itself, at most `timeout`, and buries it; its exit code.
    pub(super) fn await_end(&mut self, timeout: Duration) -> Option<i32> {
        let mut node = self.node.take()?;
        let end = Instant::now() + timeout;
        while node.is_running() {
            if Instant::now() > end {
                self.node = Some(node);
                return None;
            }
            self.fleet.rest(Duration::from_millis(10));
        }
        let status = node.wait_end().ok()?;
        self.bury(&node);
        Some(status.code().unwrap_or(-1))
    }

    /// A random time in a range of milliseconds.
    pub(super) fn moment(&mut self, range_ms: std::ops::RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.random.random_range(range_ms))
    }

    /// Whether the node still runs; broken if it does not.
    pub(super) fn must_run(&mut self) -> bool {
        let runs = self.node.as_mut().is_some_and(NodeProcess::is_running);
        if !runs {
            self.broken.push("the node has ended".to_owned());
        }
        runs
    }

    /// Lets everything settle and checks it.
    pub(super) fn end(mut self, trial: &'static str) -> Result<TrialReport, TrialError> {
        let (plan, runs) = (self.plan, self.must_run());
        let is_settled = runs && self.fleet.settle(plan.settle_timeout, plan.stall_timeout);
        let totals = self.fleet.totals();
        let node = self.node.take();
        let fleet = self.fleet;
        let logs = fleet.finish();
        let mut heads = BTreeMap::new();
        let mut fsck = None;
        if let Some(mut node) = node {
            heads = heads_of(&self.place, &node, &logs);
            node.stop()?;
            self.error_lines.extend(
                node.error_lines()
                    .into_iter()
                    .filter(|line| !self.explained.iter().any(|part| line.contains(part))),
            );
            fsck = Some(Fsck::of_data(&self.place.data())?);
        }
        let report = TrialReport {
            trial,
            seed: plan.seed,
            with_tls: plan.with_tls,
            rounds: self.rounds,
            totals,
            is_settled,
            broken: self.broken,
            error_lines: self.error_lines,
            explained_error_lines: self.explained_error_lines,
            findings: check(&logs, &heads),
            fsck,
        };
        if !report.is_clean() {
            eprintln!("the node's folder is kept: {}", self.place.keep().display());
        }
        Ok(report)
    }
}

pub(super) fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.iter().map(own).collect()
}

fn heads_of(place: &Place, node: &NodeProcess, logs: &[DeviceLog]) -> BTreeMap<ChatId, Seq> {
    let head = |log: &DeviceLog| Some((log.chat, place.head(node, log.chat).ok()?));
    logs.iter().filter_map(head).collect()
}

fn command(
    plan: &TrialPlan,
    place: &Place,
    (door, variables): (Option<&TlsDoor>, &[(String, String)]),
    dress: &Dress<'_>,
) -> Result<Command, TrialError> {
    let mut options = place.options(plan.cores);
    if let Some(door) = door {
        door.open(&mut options);
    }
    options.variables.extend_from_slice(variables);
    options.binary.clone_from(&plan.binary);
    dress(place, options.command()?)
}
