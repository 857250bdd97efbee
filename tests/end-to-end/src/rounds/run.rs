//! Runs the rounds: starts the node, lets the load run, ends the node at a random moment, starts it again on what is left.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ringpost_power_loss::{PowerLossError, Shim, SyncFault, cut, cut_to_synced};
use ringpost_wire::{ChatId, Seq};

use super::plan::{Cut, Ending, RoundsPlan};
use super::report::{Life, RoundsReport};
use crate::check::check;
use crate::load::{Fleet, Totals};
use crate::tls::TlsDoor;
use crate::{Fsck, NodeError, NodeProcess, Place, PlaceError, Tokens};

/// Longest wait until everyone is registered and has a chat, at the start of the first life.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// When in a round the node ends, in milliseconds after it takes messages.
const MOMENTS_MS: std::ops::RangeInclusive<u64> = 300..=2_000;

/// Why rounds could not be run: never an outcome of a fault.
#[derive(Debug, thiserror::Error)]
pub enum RoundsError {
    /// The node could not be worked with.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node's folder could not be worked with.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A certificate could not be made.
    #[error("a certificate: {0}")]
    Certificate(std::io::Error),
    /// The recorder or the cut failed.
    #[error(transparent)]
    PowerLoss(#[from] PowerLossError),
    /// Not everyone could register before the first round.
    #[error("not everyone could register: {0:?}")]
    NotBegun(Totals),
}

/// Runs the rounds and checks what came of them.
///
/// # Errors
/// The rounds could not be run. A node that does not start on what is left is an outcome and in the report.
pub fn run_rounds(plan: &RoundsPlan) -> Result<RoundsReport, RoundsError> {
    let place = Place::new()?;
    let mut series = Series::begin(plan, &place)?;
    for _ in 0..plan.rounds {
        series.live_and_die()?;
        if !series.start_again()? {
            break;
        }
    }
    let report = series.end()?;
    if plan.keeps_folder && !report.is_clean() {
        eprintln!("the node's folder is kept: {}", place.keep().display());
    }
    Ok(report)
}

/// Rounds under way.
struct Series<'a> {
    plan: &'a RoundsPlan,
    place: &'a Place,
    door: Option<TlsDoor>,
    random: ChaCha8Rng,
    fleet: Fleet,
    node: Option<NodeProcess>,
    started: Instant,
    sent_before: u64,
    lives: Vec<Life>,
    error_lines: Vec<String>,
    not_started: Option<String>,
}

impl<'a> Series<'a> {
    fn begin(plan: &'a RoundsPlan, place: &'a Place) -> Result<Self, RoundsError> {
        let door = plan.with_tls.then(|| TlsDoor::of(place)).transpose();
        let door = door.map_err(RoundsError::Certificate)?;
        let started = Instant::now();
        let node = start((plan, place, door.as_ref()), None)?;
        let ready_ms = started.elapsed().as_millis() as u64;
        let mut load = plan.load.clone();
        load.trust = door.as_ref().map(|door| door.trust().clone());
        let address = door.as_ref().map_or(place.native(), TlsDoor::address);
        let fleet = Fleet::start(&load, address, &Tokens::of(&place.data())?);
        let has_begun = fleet.begin(BEGIN_TIMEOUT)
            && fleet.wait_until(BEGIN_TIMEOUT, |totals| totals.closed_chats == 0);
        if !has_begun {
            return Err(RoundsError::NotBegun(fleet.totals()));
        }
        Ok(Self {
            plan,
            place,
            door,
            random: ChaCha8Rng::seed_from_u64(plan.seed),
            fleet,
            node: Some(node),
            started,
            sent_before: 0,
            lives: vec![Life {
                ready_ms,
                ..Life::default()
            }],
            error_lines: Vec::new(),
            not_started: None,
        })
    }

    /// Lets the load run for a random time, then ends the node and, with a power loss, cuts its files.
    fn live_and_die(&mut self) -> Result<(), RoundsError> {
        let moment = Duration::from_millis(self.random.random_range(MOMENTS_MS));
        self.await_first_sent(moment);
        if let Some(mut node) = self.node.take() {
            node.kill()?;
            self.error_lines.extend(node.error_lines());
        }
        let sent = self.fleet.totals().sent;
        if let Some(life) = self.lives.last_mut() {
            life.sent = sent - self.sent_before;
        }
        self.sent_before = sent;
        if self.plan.ending == Ending::PowerLoss {
            let (data, shadow) = (self.place.data(), self.place.shadow());
            let seed = self.random.random();
            let report = match self.plan.cut {
                Cut::Lucky => cut(&data, &shadow, seed)?,
                Cut::ToSynced => cut_to_synced(&data, &shadow)?,
            };
            if let Some(life) = self.lives.last_mut() {
                life.cut_bytes = report.bytes_lost;
            }
        }
        Ok(())
    }

    /// Lets the load run for `moment`, and notes when the first answer came in it.
    fn await_first_sent(&mut self, moment: Duration) {
        let end = Instant::now() + moment;
        let before = self.sent_before;
        if self.fleet.wait_until(moment, |totals| totals.sent > before)
            && let Some(life) = self.lives.last_mut()
        {
            life.first_sent_ms = Some(self.started.elapsed().as_millis() as u64);
        }
        self.fleet
            .rest(end.saturating_duration_since(Instant::now()));
    }

    /// Starts the node on what is left. Answers whether it takes messages.
    fn start_again(&mut self) -> Result<bool, RoundsError> {
        self.started = Instant::now();
        match start((self.plan, self.place, self.door.as_ref()), self.plan.fault) {
            Ok(node) => self.node = Some(node),
            Err(RoundsError::Node(NodeError::NotStarted { log })) => {
                self.not_started = Some(log);
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        self.lives.push(Life {
            ready_ms: self.started.elapsed().as_millis() as u64,
            ..Life::default()
        });
        self.fleet.wake();
        Ok(true)
    }

    /// Lets everything settle and checks it.
    fn end(mut self) -> Result<RoundsReport, RoundsError> {
        if self.node.is_some() {
            self.await_first_sent(Duration::from_millis(500));
        }
        let is_settled = self.node.is_some()
            && self
                .fleet
                .settle(self.plan.settle_timeout, self.plan.stall_timeout);
        let totals = self.fleet.totals();
        if let Some(life) = self.lives.last_mut() {
            life.sent = totals.sent - self.sent_before;
        }
        let logs = self.fleet.finish();
        let mut heads: BTreeMap<ChatId, Seq> = BTreeMap::new();
        let mut fsck = None;
        if let Some(mut node) = self.node.take() {
            for log in &logs {
                if let Ok(head) = self.place.head(&node, log.chat) {
                    heads.insert(log.chat, head);
                }
            }
            node.stop()?;
            self.error_lines.extend(node.error_lines());
            fsck = Some(Fsck::of_data(&self.place.data())?);
        }
        Ok(RoundsReport {
            ending: self.plan.ending,
            with_tls: self.plan.with_tls,
            seed: self.plan.seed,
            lives: self.lives,
            totals,
            is_settled,
            not_started: self.not_started,
            error_lines: self.error_lines,
            findings: check(&logs, &heads),
            fsck,
        })
    }
}

fn start(
    (plan, place, door): (&RoundsPlan, &Place, Option<&TlsDoor>),
    fault: Option<SyncFault>,
) -> Result<NodeProcess, RoundsError> {
    let mut options = place.options(plan.cores);
    if let Some(door) = door {
        door.open(&mut options);
    }
    options.binary.clone_from(&plan.binary);
    let mut command = options.command()?;
    if plan.ending == Ending::PowerLoss {
        let shim = fault.map_or_else(Shim::new, Shim::with_fault);
        shim.command(&mut command, &place.data(), &place.shadow())?;
    }
    Ok(NodeProcess::start_command(command)?)
}
