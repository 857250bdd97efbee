//! The embedded store: opened, used directly or started on threads of its own, stopped.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use ringpost_storage_core::limits::DEVICE_UNSEEN_DAYS_MIN;
use ringpost_storage_core::{Command, Outcome};
use ringpost_storage_queue::{Bell, LaneDesk, LaneHandle};

use crate::background::step_back;
use crate::committer::{Committer, Lanes};
use crate::device_sweep::DeviceSweep;
use crate::directory::{Directory, Incarnation};
use crate::engine::{Engine, Parts};
use crate::error::{Fatal, FileError, OpenError};
use crate::flush_plan::FlushPlan;
use crate::flusher::{Flusher, Job};
use crate::limits;
use crate::log::replay::replay;
use crate::log::writer::LogWriter;
use crate::metrics::Metrics;
use crate::options::{Options, Pinning};
use crate::overlay::Overlay;
use crate::retention::Sweep;
use crate::status::{State, Status, StopRequest};
use crate::tables::Tables;

/// An open store without threads. [`EmbeddedStore::run`] uses it directly; [`EmbeddedStore::start`] gives it its threads.
#[derive(Debug)]
pub struct EmbeddedStore {
    pub(crate) engine: Engine,
    flusher: Flusher,
    desks: Vec<LaneDesk>,
    bell: Arc<Bell>,
    metrics: Arc<Metrics>,
    incarnation: u64,
    retention: ringpost_storage_core::batch::Retention,
    device_unseen_days: u32,
    sweep_delays: SweepDelays,
    failure: Option<String>,
    /// Keeps the lock.
    pub(crate) directory: Directory,
}

impl EmbeddedStore {
    /// Opens the store, makes it if the folder is empty, and replays what was not flushed.
    ///
    /// # Errors
    /// [`OpenError`], with a message for the operator. Nothing of the data was changed.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let store = Self::open_even_unfinished(options)?;
        store.refuse_unfinished()?;
        Ok(store)
    }

    /// As `open`, also where an import has not come to its end: not for a node.
    ///
    /// # Errors
    /// As those of `open`.
    pub fn open_even_unfinished(options: Options) -> Result<Self, OpenError> {
        check(&options)?;
        let directory = Directory::open(&options.data_dir)?;
        let tables = Tables::open(&directory.tables, directory.flushed.clone())?;
        let flushed = tables.flushed()?;
        let mut overlay = Overlay::default();
        let start = replay(&directory, flushed, &mut |record, writes| {
            for write in writes {
                overlay.apply_replayed(write, record);
            }
        })?;
        let incarnation = Incarnation {
            number: directory.previous.number + 1,
            first_segment: start.segment,
        };
        let log = LogWriter::begin(start, options.segment_bytes, options.sync)?;
        directory.record(incarnation)?;
        let metrics = Arc::new(Metrics::default());
        let flusher = Flusher {
            tables: tables.clone(),
            log: directory.log.clone(),
            spares: log.spares(),
            metrics: Arc::clone(&metrics),
            #[cfg(test)]
            sync: options.sync,
        };
        let engine = Engine::new(Parts {
            rules: options.rules,
            overlay,
            overlay_bytes_max: options.overlay_bytes_max,
            tables,
            log,
            plan: FlushPlan::new(options.flush_age_ms, options.overlay_bytes_max),
            metrics: Arc::clone(&metrics),
        });
        Ok(Self {
            engine,
            flusher,
            desks: Vec::new(),
            bell: Arc::new(Bell::default()),
            metrics,
            incarnation: incarnation.number,
            retention: options.rules.retention,
            device_unseen_days: options.device_unseen_days,
            sweep_delays: SweepDelays::default(),
            failure: None,
            directory,
        })
    }

    /// How often the store has been opened, this time included. Durable.
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// What is counted.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Where the store lies: its log and its tables.
    pub fn folders(&self) -> [PathBuf; 2] {
        [self.directory.log.clone(), self.directory.tables.clone()]
    }

    /// Makes a lane for a gateway core. `wake` is called on the committer's thread after each answer: it must not block.
    pub fn lane(&mut self, wake: impl Fn() + Send + 'static) -> LaneHandle {
        let (handle, desk) = ringpost_storage_queue::lane(Arc::clone(&self.bell), wake);
        self.desks.push(desk);
        handle
    }

    /// Runs commands in order, on the caller's thread. Everything is durable when it returns. Flushes on the way when due.
    ///
    /// # Errors
    /// [`Fatal`]: the store has stopped for good, and what became of the commands shows only at the next start.
    pub fn run(&mut self, commands: Vec<Command>) -> Result<Vec<Outcome>, Fatal> {
        self.stopped_before()?;
        let result = self.run_and_flush(&commands);
        self.note_failure(result)
    }

    /// Flushes everything that is committed to the tables.
    ///
    /// # Errors
    /// [`Fatal`]: the store has stopped for good.
    pub fn flush(&mut self) -> Result<(), Fatal> {
        self.stopped_before()?;
        let result = self.flush_all();
        self.note_failure(result)
    }

    /// Gives the store its two threads. The lanes' batches are taken from now on.
    ///
    /// # Errors
    /// A thread cannot be made.
    pub fn start(self, pinning: Pinning) -> Result<RunningStore, FileError> {
        let status = Arc::new(Status::default());
        let folder = self.directory.log.clone();
        let (jobs, taken) = sync_channel(1);
        let (given, done) = channel();
        let now_ms = self.engine.now_ms();
        let committer = Committer {
            sweep: Sweep::new(
                self.retention,
                self.device_unseen_days,
                now_ms + self.sweep_delays.chats_ms,
            ),
            devices: DeviceSweep::new(
                self.device_unseen_days,
                now_ms + self.sweep_delays.devices_ms,
            ),
            engine: self.engine,
            lanes: Lanes::of(self.desks),
            jobs,
            done,
            bell: Arc::clone(&self.bell),
            status: Arc::clone(&status),
            metrics: Arc::clone(&self.metrics),
            _directory: self.directory,
        };
        let flusher = FlusherThread {
            flusher: self.flusher,
            jobs: taken,
            done: given,
            bell: Arc::clone(&self.bell),
        };
        let spawned = |error| FileError::of("make a thread for", &folder)(error);
        let flusher = thread::Builder::new()
            .name("store-flush".to_owned())
            .spawn(move || {
                pin(pinning.flusher);
                step_back();
                flusher.run();
            })
            .map_err(spawned)?;
        let committer = thread::Builder::new()
            .name("store-commit".to_owned())
            .spawn(move || {
                pin(pinning.committer);
                committer.run();
            })
            .map_err(spawned)?;
        Ok(RunningStore {
            status,
            bell: self.bell,
            metrics: self.metrics,
            incarnation: self.incarnation,
            threads: vec![committer, flusher],
        })
    }

    /// The sweeps begin with the threads.
    #[cfg(test)]
    pub(crate) fn sweep_at_once(&mut self) {
        self.sweep_delays = SweepDelays {
            chats_ms: 0,
            devices_ms: 0,
        };
    }

    /// Takes a turn of a sweep for unseen devices.
    #[cfg(test)]
    pub(crate) fn take_turn(
        &mut self,
        sweep: &mut DeviceSweep,
        wall_ms: u64,
    ) -> Result<crate::device_sweep::Turn, Fatal> {
        self.stopped_before()?;
        let result = sweep.turn(&mut self.engine, wall_ms);
        self.note_failure(result)
    }

    /// The store as commands see it.
    #[cfg(test)]
    pub(crate) fn view(&self) -> crate::view::View<'_> {
        self.engine.view()
    }

    /// As `write`, and leaves a flush under way where it is.
    #[cfg(test)]
    pub(crate) fn commit_writes_amid_flush(
        &mut self,
        writes: Vec<ringpost_storage_core::store::Write>,
    ) -> Result<(), Fatal> {
        self.engine.commit_writes(writes)
    }

    /// Takes the next job of a flush of everything, begun if none is under way; `None` when that flush is over.
    #[cfg(test)]
    pub(crate) fn take_job(&mut self) -> Option<Job> {
        if !self.engine.is_flushing() {
            self.engine.begin_flush_of_all();
        }
        loop {
            let job = self.engine.next_job();
            if job.is_some() || !self.engine.is_flushing() {
                return job;
            }
        }
    }

    /// Does a job that was taken.
    #[cfg(test)]
    pub(crate) fn do_job(&mut self, job: &Job) {
        self.perform(job).expect("a flush in a test works");
    }

    fn run_and_flush(&mut self, commands: &[Command]) -> Result<Vec<Outcome>, Fatal> {
        self.flush_due()?;
        let outcomes = self.engine.run(commands)?;
        self.engine.answered()?;
        Ok(outcomes)
    }

    /// Does what is due, and as much as it takes to have room again.
    pub(crate) fn flush_due(&mut self) -> Result<(), Fatal> {
        loop {
            match self.engine.next_job() {
                Some(job) => self.perform(&job)?,
                None if self.engine.is_flushing() || self.engine.is_full() => {}
                None => return Ok(()),
            }
        }
    }

    fn flush_all(&mut self) -> Result<(), Fatal> {
        self.flush_to_end()?;
        self.engine.begin_flush_of_all();
        self.flush_to_end()
    }

    fn flush_to_end(&mut self) -> Result<(), Fatal> {
        while self.engine.is_flushing() {
            if let Some(job) = self.engine.next_job() {
                self.perform(&job)?;
            }
        }
        Ok(())
    }

    fn perform(&mut self, job: &Job) -> Result<(), Fatal> {
        self.flusher.perform(job)?;
        self.engine.job_is_done(job);
        Ok(())
    }

    pub(crate) fn stopped_before(&self) -> Result<(), Fatal> {
        match &self.failure {
            None => Ok(()),
            Some(reason) => Err(Fatal::Stopped(reason.clone())),
        }
    }

    pub(crate) fn note_failure<T>(&mut self, result: Result<T, Fatal>) -> Result<T, Fatal> {
        if let Err(fatal) = &result {
            self.metrics.set_last_error(fatal.to_string());
            self.failure = Some(fatal.to_string());
        }
        result
    }
}

/// How long after the threads' start the sweeps begin, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct SweepDelays {
    chats_ms: u64,
    devices_ms: u64,
}

impl Default for SweepDelays {
    fn default() -> Self {
        Self {
            chats_ms: limits::SWEEP_DELAY_MS,
            devices_ms: limits::SWEEP_DEVICES_DELAY_MS,
        }
    }
}

/// A store with its threads. It runs until it is stopped, or dropped, which is a stop without a flush.
#[derive(Debug)]
pub struct RunningStore {
    status: Arc<Status>,
    bell: Arc<Bell>,
    metrics: Arc<Metrics>,
    incarnation: u64,
    threads: Vec<JoinHandle<()>>,
}

impl RunningStore {
    /// Whether it works.
    pub fn state(&self) -> State {
        self.status.state()
    }

    /// What is counted.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// How often the store has been opened, this time included.
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Commits and answers everything handed over, ends the threads, and gives the folder free. With `flush` the next start
    /// has nothing to replay.
    ///
    /// # Errors
    /// The store had failed, or does now.
    pub fn stop(mut self, flush: bool) -> Result<(), Fatal> {
        self.end(flush);
        match self.status.state() {
            State::Running => Ok(()),
            State::Failed(reason) => Err(Fatal::Stopped(reason)),
        }
    }

    fn end(&mut self, flush: bool) {
        self.status.stop(StopRequest { flush });
        self.bell.ring();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                let reason = "a thread of the store panicked";
                self.status.fail(reason.to_owned());
            }
        }
    }
}

impl Drop for RunningStore {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// The flusher's thread: ends when the committer does.
struct FlusherThread {
    flusher: Flusher,
    jobs: Receiver<Job>,
    done: Sender<(Job, Result<(), Fatal>)>,
    bell: Arc<Bell>,
}

impl FlusherThread {
    fn run(self) {
        for job in &self.jobs {
            let result = self.flusher.perform(&job);
            let is_over = result.is_err();
            let is_heard = self.done.send((job, result)).is_ok();
            self.bell.ring();
            if is_over || !is_heard {
                return;
            }
        }
    }
}

fn check(options: &Options) -> Result<(), OpenError> {
    let least = [
        (
            "segment_bytes",
            options.segment_bytes,
            limits::SEGMENT_BYTES_MIN,
        ),
        (
            "overlay_bytes_max",
            options.overlay_bytes_max as u64,
            limits::OVERLAY_BYTES_MIN,
        ),
        (
            "device_unseen_days",
            u64::from(options.device_unseen_days),
            u64::from(DEVICE_UNSEEN_DAYS_MIN),
        ),
    ];
    for (option, value, least) in least {
        if value < least {
            return Err(OpenError::Option {
                option,
                value,
                least,
            });
        }
    }
    Ok(())
}

pub(crate) fn tables_error(directory: &Directory, source: fjall::Error) -> OpenError {
    OpenError::Tables {
        path: directory.tables.clone(),
        source,
    }
}

fn pin(core: Option<usize>) {
    if let Some(id) = core {
        core_affinity::set_for_current(core_affinity::CoreId { id });
    }
}
