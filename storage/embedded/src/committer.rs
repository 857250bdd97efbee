//! The committer's thread: merges the batches that wait in all lanes, commits them with one sync, answers.
//!
//! An answer goes out after the sync of what it tells. After a failure nothing more is committed: everything handed over
//! from then on, and the batch that failed, is answered `Unavailable`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ringpost_storage_core::limits::{BATCH_BYTES_AIM, BATCH_COMMANDS_MAX};
use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_queue::{Bell, LaneDesk};
use ringpost_wire::ErrorCode;

use crate::device_sweep::DeviceSweep;
use crate::directory::Directory;
use crate::engine::Engine;
use crate::error::Fatal;
use crate::flusher::Job;
use crate::limits::COMMIT_EXECUTIONS_MAX;
use crate::metrics::Metrics;
use crate::retention::Sweep;
use crate::status::{Status, StopRequest};

/// Longest sleep: the thread looks after itself so often, whatever happens.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// Sleep while a full overlay is flushed; the flusher rings before.
const FULL_SLEEP: Duration = Duration::from_millis(20);

/// The committer.
pub(crate) struct Committer {
    /// The engine.
    pub engine: Engine,
    /// The lanes.
    pub lanes: Lanes,
    /// The way to the flusher.
    pub jobs: SyncSender<Job>,
    /// And back.
    pub done: Receiver<(Job, Result<(), Fatal>)>,
    /// The sweep for retention.
    pub sweep: Sweep,
    /// The sweep for unseen devices.
    pub devices: DeviceSweep,
    /// Rung by lanes and the flusher.
    pub bell: Arc<Bell>,
    /// What others see of the store.
    pub status: Arc<Status>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Keeps the lock of the folder for as long as anything may be written.
    pub _directory: Directory,
}

impl Committer {
    /// Runs until told to stop.
    pub fn run(mut self) {
        self.bell.attend();
        let ended = catch_unwind(AssertUnwindSafe(|| self.commit_until_stopped()));
        let fatal = match ended {
            Ok(Ok(())) => return,
            Ok(Err(fatal)) => fatal,
            Err(panic) => Fatal::Panicked(panic_text(panic.as_ref())),
        };
        self.metrics.set_last_error(fatal.to_string());
        self.status.fail(fatal.to_string());
        self.refuse_until_stopped();
    }

    fn commit_until_stopped(&mut self) -> Result<(), Fatal> {
        loop {
            let stop = self.status.stop_request();
            self.flush_on()?;
            if self.engine.is_full() {
                self.metrics.overlay_waits.fetch_add(1, Relaxed);
                self.bell.sleep(FULL_SLEEP, || true);
                continue;
            }
            if self.lanes.gather() {
                self.commit()?;
            } else if let Some(stop) = stop {
                return self.finish(stop);
            } else {
                self.sleep();
            }
            self.sweep_on()?;
            self.unlink_on()?;
        }
    }

    fn commit(&mut self) -> Result<(), Fatal> {
        let outcomes = self.engine.run(&self.lanes.commands)?;
        self.lanes.answer(outcomes);
        self.engine.answered()
    }

    /// Takes what the flusher has done and gives it more.
    fn flush_on(&mut self) -> Result<(), Fatal> {
        match self.done.try_recv() {
            Ok((job, result)) => {
                result?;
                self.engine.job_is_done(&job);
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Err(flusher_ended()),
        }
        if let Some(job) = self.engine.next_job() {
            self.jobs.send(job).map_err(|_| flusher_ended())?;
        }
        Ok(())
    }

    fn sweep_on(&mut self) -> Result<(), Fatal> {
        let now_ms = self.engine.now_ms();
        if now_ms < self.sweep.due_ms {
            return Ok(());
        }
        let view = self.engine.view();
        let Ok(step) = self.sweep.step(&view, now_ms, wall_ms()) else {
            return Err(view.into_failure().map_or(Fatal::Rules, Fatal::Tables));
        };
        self.metrics.swept_chats.fetch_add(step.chats, Relaxed);
        let mut trims = step.trims;
        while !trims.is_empty() {
            let outcomes = self.engine.run(&trims)?;
            let mut outcomes = outcomes.iter();
            trims.retain(|_| match outcomes.next() {
                Some(Outcome::Trimmed { removed, more }) => {
                    self.metrics.swept_messages.fetch_add(*removed, Relaxed);
                    *more && *removed > 0
                }
                _ => false,
            });
            self.flush_on()?;
        }
        Ok(())
    }

    /// Takes the next turn of the sweep for unseen devices, when it is due.
    fn unlink_on(&mut self) -> Result<(), Fatal> {
        if self.engine.now_ms() < self.devices.due_ms {
            return Ok(());
        }
        let turn = self.devices.turn(&mut self.engine, wall_ms())?;
        self.metrics.swept_devices.fetch_add(turn.rows, Relaxed);
        self.metrics
            .unlinked_devices
            .fetch_add(turn.unlinked, Relaxed);
        Ok(())
    }

    fn sleep(&self) {
        if self.engine.has_flush_work() {
            return;
        }
        let sweep_due_ms = self.sweep.due_ms.min(self.devices.due_ms);
        let due_ms = match self.engine.flush_due_ms() {
            Some(due_ms) if !self.engine.is_flushing() => due_ms.min(sweep_due_ms),
            _ => sweep_due_ms,
        };
        let wait = Duration::from_millis(due_ms.saturating_sub(self.engine.now_ms()).max(1));
        self.bell.sleep(wait.min(SLEEP_MAX), || {
            self.lanes.is_idle() && self.status.stop_request().is_none()
        });
    }

    /// Everything handed over is committed and answered.
    fn finish(&mut self, stop: StopRequest) -> Result<(), Fatal> {
        self.flush_to_end()?;
        if stop.flush {
            self.engine.begin_flush_of_all();
            self.flush_to_end()?;
        }
        Ok(())
    }

    fn flush_to_end(&mut self) -> Result<(), Fatal> {
        while self.engine.is_flushing() {
            self.flush_on()?;
            if !self.engine.has_flush_work() && self.engine.is_flushing() {
                self.bell.sleep(FULL_SLEEP, || true);
            }
        }
        Ok(())
    }

    fn refuse_until_stopped(&mut self) {
        loop {
            self.lanes.refuse();
            let stop = self.status.stop_request();
            if self.lanes.gather() {
                continue;
            }
            if stop.is_some() {
                return;
            }
            self.bell.sleep(SLEEP_MAX, || {
                self.lanes.is_idle() && self.status.stop_request().is_none()
            });
        }
    }
}

/// All lanes and the batch that was merged from them.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    desks: Vec<LaneDesk>,
    commands: Vec<Command>,
    spans: Vec<Span>,
    first: usize,
}

/// Commands of one lane's batch.
#[derive(Clone, Copy, Debug)]
struct Span {
    lane: usize,
    commands: usize,
}

impl Lanes {
    /// The committer's ends of all lanes.
    pub fn of(desks: Vec<LaneDesk>) -> Self {
        Self {
            desks,
            ..Self::default()
        }
    }

    fn is_idle(&self) -> bool {
        self.desks.iter().all(LaneDesk::is_idle)
    }

    /// Merges waiting batches, a batch a lane in turn, up to a few times the size of a batch. False when none waits.
    fn gather(&mut self) -> bool {
        debug_assert!(self.spans.is_empty(), "the last batch was answered");
        let mut bytes = 0;
        let mut idle_lanes = 0;
        let mut lane = self.first;
        while idle_lanes < self.desks.len()
            && self.commands.len() < BATCH_COMMANDS_MAX
            && bytes < BATCH_BYTES_AIM * COMMIT_EXECUTIONS_MAX
        {
            lane = (lane + 1) % self.desks.len();
            let Some(commands) = self.desks[lane].take() else {
                idle_lanes += 1;
                continue;
            };
            idle_lanes = 0;
            bytes += commands.iter().map(frame_bytes).sum::<usize>();
            self.spans.push(Span {
                lane,
                commands: commands.len(),
            });
            self.commands.extend(commands);
        }
        self.first = lane;
        !self.spans.is_empty()
    }

    fn answer(&mut self, outcomes: Vec<Outcome>) {
        assert_eq!(outcomes.len(), self.commands.len(), "an outcome a command");
        self.commands.clear();
        let mut outcomes = outcomes.into_iter();
        for span in std::mem::take(&mut self.spans) {
            let answers = outcomes.by_ref().take(span.commands).collect();
            self.desks[span.lane].answer(answers);
        }
    }

    fn refuse(&mut self) {
        let refused = |command: &Command| command.refused(ErrorCode::Unavailable);
        let outcomes = self.commands.iter().map(refused).collect();
        self.answer(outcomes);
    }
}

fn frame_bytes(command: &Command) -> usize {
    match command {
        Command::Append { frame, .. } => frame.len(),
        _ => 0,
    }
}

fn flusher_ended() -> Fatal {
    Fatal::Panicked("the flusher has ended".to_owned())
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
        .to_owned()
}

fn wall_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_millis() as u64)
}
