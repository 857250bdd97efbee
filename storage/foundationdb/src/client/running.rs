//! The store at work: one thread with all lanes and the background work, and the handle that stops it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ringpost_storage_core::Retention;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

use super::begin::BeginError;
use super::errands::Errands;
use super::lane_task::{self, LaneSeat, LaneTerms};
use super::link::Link;
use super::network;
use super::sweep_chats::ChatSweep;
use super::sweep_devices::DeviceSweep;
use crate::limits::{BEGIN_DELAY_MS, READ_MS_MAX, READ_VERSION_MS_MAX};
use crate::metrics::Metrics;
use crate::options::SweepDelays;
use crate::state::{Status, StoreState};

/// A store with its thread. It runs until it is stopped, or dropped.
pub struct RunningStore {
    status: Arc<Status>,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl RunningStore {
    pub(super) fn new(
        status: Arc<Status>,
        metrics: Arc<Metrics>,
        stop: watch::Sender<bool>,
        thread: JoinHandle<()>,
    ) -> Self {
        Self {
            status,
            metrics,
            stop,
            thread: Some(thread),
        }
    }

    /// Whether it works.
    pub fn state(&self) -> StoreState {
        self.status.state()
    }

    /// What is counted.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Answers everything handed over, within `STOP_MS_MAX`, and ends the thread. The last state: if it is not `Ready`, what
    /// was handed over at the end was refused or has no answer.
    pub fn stop(mut self) -> StoreState {
        self.end();
        self.status.state()
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            self.status.set_all(&panicked());
        }
    }
}

impl Drop for RunningStore {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for RunningStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningStore")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// Everything that the thread runs.
pub(super) struct Crew {
    pub seats: Vec<LaneSeat>,
    /// The way of background work to each lane.
    pub errands: Errands,
    pub link: Arc<Link>,
    pub status: Arc<Status>,
    pub terms: LaneTerms,
    pub background: Background,
    pub stop: watch::Receiver<bool>,
}

/// What the background work is told.
pub(super) struct Background {
    pub retention: Retention,
    pub device_unseen_days: u32,
    pub delays: SweepDelays,
}

impl Crew {
    /// Runs until the store stops.
    pub fn run(self) {
        let status = Arc::clone(&self.status);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let runtime = runtime::Builder::new_current_thread().enable_time().build();
            match runtime {
                Ok(runtime) => LocalSet::new().block_on(&runtime, self.work()),
                Err(error) => self.status.set_all(&StoreState::Failed {
                    reason: format!("the store's runtime cannot be made: {error}"),
                }),
            }
        }));
        if ended.is_err() {
            status.set_all(&panicked());
        }
    }

    async fn work(self) {
        let (begin, begun) = watch::channel(None);
        let mut lanes = JoinSet::new();
        for seat in self.seats {
            lanes.spawn_local(lane_task::run(seat, self.terms, begun.clone()));
        }
        let mut beginning = Beginning {
            link: self.link,
            status: self.status,
            node: self.terms.node,
            stop: self.stop,
        };
        if let Some(incarnation) = beginning.take_incarnation().await {
            // The library has now made what it needs for a commit.
            let _ = network::stop_at_exit();
            begin.send_replace(Some(incarnation));
        }
        let sweeps = self.background.begin(&beginning.link, self.errands);
        while let Some(ended) = lanes.join_next().await {
            if ended.is_err() {
                beginning.status.set_all(&panicked());
            }
        }
        drop(sweeps);
    }
}

impl Background {
    /// Begins the sweeps; they end when what is returned is dropped.
    fn begin(self, link: &Arc<Link>, errands: Errands) -> JoinSet<()> {
        let errands = Rc::new(errands);
        let days = self.device_unseen_days;
        let chats = ChatSweep::new(Arc::clone(link), Rc::clone(&errands), self.retention, days);
        let devices = DeviceSweep::new(Arc::clone(link), errands, days);
        let mut sweeps = JoinSet::new();
        sweeps.spawn_local(chats.run(self.delays.chats_ms));
        sweeps.spawn_local(devices.run(self.delays.devices_ms));
        sweeps
    }
}

/// The taking of an incarnation, again and again until the cluster gives one.
struct Beginning {
    link: Arc<Link>,
    status: Arc<Status>,
    node: u32,
    stop: watch::Receiver<bool>,
}

impl Beginning {
    /// `None` when the store stops before.
    async fn take_incarnation(&mut self) -> Option<u64> {
        let longest = Duration::from_millis(READ_VERSION_MS_MAX + READ_MS_MAX);
        loop {
            let attempt = timeout(longest, self.link.take_incarnation(self.node));
            let reason = tokio::select! {
                _ = self.stop.changed() => return None,
                result = attempt => match result {
                    Ok(Ok(incarnation)) => return Some(incarnation),
                    Ok(Err(BeginError::Layout(error))) => {
                        self.status.set_all(&StoreState::Failed { reason: error.to_string() });
                        self.stop.changed().await.ok()?;
                        return None;
                    }
                    Ok(Err(BeginError::Store(error))) => self.link.reason(error),
                    Err(_) => self.link.silence(),
                },
            };
            self.link.metrics.set_last_error(reason.clone());
            self.status.set_all(&StoreState::Unavailable { reason });
            sleep(Duration::from_millis(BEGIN_DELAY_MS)).await;
        }
    }
}

fn panicked() -> StoreState {
    StoreState::Failed {
        reason: "the store's thread ended by a defect".to_owned(),
    }
}
