//! One lane's task: gives the pure lane what the gateway core hands over, performs its effects on the link, tells its time.
//!
//! Invariant: each effect is performed once, and each ticket answered once, whatever the cluster does.

use std::collections::BTreeSet;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ringpost_storage_core::Rules;
use ringpost_storage_core::lane::{
    Lane, LaneConfig, LaneCounters, LaneEffect, LaneInput, LaneState, UnavailableReason,
};
use ringpost_storage_queue::Bell;
use ringpost_wire::ShardId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::intake::{Errand, Intake};
use super::link::{Link, Priority};
use crate::limits::STOP_MS_MAX;
use crate::state::{Status, StoreState};

/// What a lane's task works with.
pub struct LaneSeat {
    /// Its number on the node.
    pub number: u16,
    /// The shards that it is home of.
    pub homes: BTreeSet<ShardId>,
    /// The batches of its gateway core.
    pub intake: Intake,
    /// Rung by the gateway core.
    pub bell: Arc<Bell>,
    /// Background work.
    pub errands: mpsc::Receiver<Errand>,
    /// The way to the cluster.
    pub link: Arc<Link>,
    /// What others see.
    pub status: Arc<Status>,
    /// True when the store is to stop.
    pub stop: watch::Receiver<bool>,
}

/// What a lane is told beside its seat.
#[derive(Clone, Copy, Debug)]
pub struct LaneTerms {
    /// The node.
    pub node: u32,
    /// The rules of the store.
    pub rules: Rules,
    /// Bytes of rows kept in memory.
    pub cache_bytes: usize,
    /// When the store started; times are told from then on.
    pub started: Instant,
}

impl LaneTerms {
    /// Milliseconds since the start.
    pub fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

type Request = Pin<Box<dyn Future<Output = LaneInput>>>;

/// A lane at work.
struct LaneTask {
    seat: LaneSeat,
    terms: LaneTerms,
    lane: Lane,
    requests: FuturesUnordered<Request>,
    counters: LaneCounters,
    held: u64,
    stop_by: Option<Instant>,
}

/// What ended a wait.
enum Wake {
    Input(LaneInput),
    Errand(Errand),
    Rung,
    Due,
    Stop,
}

/// Runs a lane until the store stops. `begun` tells the incarnation, when there is one.
pub async fn run(mut seat: LaneSeat, terms: LaneTerms, begun: watch::Receiver<Option<u64>>) {
    let Some(incarnation) = await_begin(&mut seat, begun).await else {
        seat.intake.refuse();
        return;
    };
    let lane = Lane::new(LaneConfig {
        node: terms.node,
        lane: seat.number,
        incarnation,
        homes: seat.homes.clone(),
        rules: terms.rules,
        cache_bytes_max: terms.cache_bytes,
    });
    let mut task = LaneTask {
        seat,
        terms,
        lane,
        requests: FuturesUnordered::new(),
        counters: LaneCounters::default(),
        held: 0,
        stop_by: None,
    };
    task.work().await;
}

/// Waits for the incarnation; refuses what comes once it is known to take long. `None` when the store stops before.
async fn await_begin(seat: &mut LaneSeat, mut begun: watch::Receiver<Option<u64>>) -> Option<u64> {
    loop {
        if let Some(incarnation) = *begun.borrow() {
            return Some(incarnation);
        }
        if *seat.stop.borrow() {
            return None;
        }
        let refuses = seat.status.state() != StoreState::Starting;
        if refuses {
            seat.intake.refuse();
        }
        let tick = Instant::now() + Duration::from_millis(100);
        let (intake, bell) = (&seat.intake, &seat.bell);
        tokio::select! {
            changed = begun.changed() => changed.ok()?,
            _ = seat.stop.changed() => {}
            () = rung(bell, || intake.is_idle()), if refuses => {}
            () = sleep_until(tick) => {}
        }
    }
}

async fn rung(bell: &Bell, is_idle: impl Fn() -> bool) {
    poll_fn(|context| bell.poll_rung(context, &is_idle)).await;
}

impl LaneTask {
    async fn work(&mut self) {
        self.lane.timeout(self.terms.now_ms());
        loop {
            self.feed();
            self.perform();
            self.publish();
            if self.is_over() {
                return;
            }
            let wake = self.wait().await;
            let now_ms = self.terms.now_ms();
            match wake {
                Wake::Input(input) => self.lane.input(input, now_ms),
                Wake::Errand(errand) => self.seat.intake.take_errand(errand),
                Wake::Due => self.lane.timeout(now_ms),
                Wake::Rung => {}
                Wake::Stop => {
                    let longest = Duration::from_millis(STOP_MS_MAX);
                    self.stop_by = Some(Instant::now() + longest);
                }
            }
        }
    }

    /// Gives the lane what it has room for.
    fn feed(&mut self) {
        let commands = self.seat.intake.take(self.lane.room());
        if !commands.is_empty() {
            let now_ms = self.terms.now_ms();
            self.lane.input(LaneInput::Submit(commands), now_ms);
        }
    }

    fn perform(&mut self) {
        while let Some(effect) = self.lane.next_effect() {
            let link = Arc::clone(&self.seat.link);
            let request: Request = match effect {
                LaneEffect::Answer { outcomes } => {
                    self.seat.intake.answer(outcomes);
                    continue;
                }
                LaneEffect::State(state) => {
                    self.tell(state);
                    continue;
                }
                LaneEffect::GetReadVersion { ticket } => Box::pin(async move {
                    let result = link.read_version(Priority::Default).await;
                    LaneInput::ReadVersion { ticket, result }
                }),
                LaneEffect::Read {
                    ticket,
                    version,
                    reads,
                } => Box::pin(async move {
                    let results = link.read(version, &reads).await;
                    LaneInput::Rows { ticket, results }
                }),
                LaneEffect::Commit { ticket, request } => Box::pin(async move {
                    let result = link.commit(&request).await;
                    LaneInput::Committed { ticket, result }
                }),
            };
            self.requests.push(request);
        }
    }

    async fn wait(&mut self) -> Wake {
        let due = self.lane.next_deadline().map(|due_ms| {
            let due = self.terms.started + Duration::from_millis(due_ms);
            due.min(self.stop_by.unwrap_or(due))
        });
        let due = due.or(self.stop_by);
        let has_room = self.lane.room() > 0;
        let LaneSeat {
            intake,
            bell,
            errands,
            stop,
            ..
        } = &mut self.seat;
        tokio::select! {
            biased;
            Some(input) = self.requests.next() => Wake::Input(input),
            () = rung(bell, || intake.is_idle()), if has_room => Wake::Rung,
            _ = stop.changed(), if self.stop_by.is_none() => Wake::Stop,
            () = sleep_until_maybe(due) => Wake::Due,
            Some(errand) = errands.recv() => Wake::Errand(errand),
        }
    }

    fn tell(&self, state: LaneState) {
        let LaneState::Unavailable { reason } = state else {
            return self.set_state(StoreState::Ready);
        };
        let last = self.seat.link.metrics.last_error();
        let node = self.terms.node;
        let failed = |reason: String| StoreState::Failed { reason };
        self.set_state(match reason {
            UnavailableReason::Store => StoreState::Unavailable {
                reason: last.unwrap_or_else(|| "the cluster does not answer".to_owned()),
            },
            UnavailableReason::Superseded => {
                failed(format!("another process has begun as node {node}"))
            }
            UnavailableReason::IncarnationReused => {
                failed(format!("an incarnation of node {node} was given twice"))
            }
            UnavailableReason::DamagedRow => failed("a row cannot be read".to_owned()),
        });
    }

    fn set_state(&self, state: StoreState) {
        self.seat.status.set(usize::from(self.seat.number), state);
    }

    /// Tells what the lane has done. It is ready when it has first reached the cluster.
    fn publish(&mut self) {
        let counters = self.lane.counters();
        if counters == self.counters {
            return;
        }
        let metrics = &self.seat.link.metrics;
        metrics.add_lane(&self.counters, &counters);
        if self.counters.refreshes == 0 && counters.refreshes > 0 {
            self.set_state(StoreState::Ready);
        }
        let moved = (counters.claims, counters.shards_lost)
            != (self.counters.claims, self.counters.shards_lost);
        if moved {
            let held = self.lane.held_shards().len() as u64;
            metrics.held_shards.fetch_add(held, Relaxed);
            metrics.held_shards.fetch_sub(self.held, Relaxed);
            self.held = held;
        }
        self.counters = counters;
    }

    /// Whether the store stops and everything handed over is answered, or the time for it is over.
    fn is_over(&mut self) -> bool {
        let Some(stop_by) = self.stop_by else {
            return false;
        };
        self.seat.intake.is_empty() || stop_by <= Instant::now()
    }
}

async fn sleep_until_maybe(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}
