//! The engine without threads: runs commands over overlay and tables, commits them, and hands out flush work.
//!
//! It is the only writer of the log and the only reader of the store, so it needs no conflict check. After an error it must
//! not be used again.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use ringpost_storage_core::batch::{Executed, Rules, Unexecuted, execute};
use ringpost_storage_core::store::Write;
use ringpost_storage_core::{Command, Outcome};

use crate::error::Fatal;
use crate::flush_plan::FlushPlan;
use crate::flusher::Job;
use crate::limits::COMMIT_EXECUTIONS_MAX;
use crate::log::writer::LogWriter;
use crate::metrics::Metrics;
use crate::overlay::{Overlay, Walk};
use crate::read_cache::ReadCache;
use crate::tables::Tables;
use crate::view::View;

/// Parts of the overlay that one call looks through for flush work.
const WALK_STEPS_MAX: usize = 4;

/// The engine.
#[derive(Debug)]
pub(crate) struct Engine {
    rules: Rules,
    overlay: Overlay,
    overlay_bytes_max: usize,
    tables: Tables,
    cache: RefCell<ReadCache>,
    log: LogWriter,
    plan: FlushPlan,
    is_flushing: bool,
    unflushed_log_bytes: UnflushedBytes,
    metrics: Arc<Metrics>,
    started: Instant,
    is_unsynced: bool,
}

/// Bytes of records since the flushed position.
#[derive(Debug, Default)]
struct UnflushedBytes {
    all: u64,
    at_bound: u64,
}

/// What the engine is made of.
pub(crate) struct Parts {
    /// The rules.
    pub rules: Rules,
    /// Writes since the flushed record.
    pub overlay: Overlay,
    /// Its limit.
    pub overlay_bytes_max: usize,
    /// The tables.
    pub tables: Tables,
    /// The log.
    pub log: LogWriter,
    /// When to flush.
    pub plan: FlushPlan,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Engine {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let mut engine = Self {
            rules: parts.rules,
            overlay: parts.overlay,
            overlay_bytes_max: parts.overlay_bytes_max,
            tables: parts.tables,
            cache: RefCell::new(ReadCache::new()),
            log: parts.log,
            plan: parts.plan,
            is_flushing: false,
            unflushed_log_bytes: UnflushedBytes::default(),
            metrics: parts.metrics,
            started: Instant::now(),
            is_unsynced: false,
        };
        engine.plan.committed(engine.log.next_record() - 1, 0);
        engine.measure();
        engine
    }

    /// Runs commands in order, in as many commits as their size asks for. All is durable when it returns.
    pub fn run(&mut self, commands: &[Command]) -> Result<Vec<Outcome>, Fatal> {
        let mut outcomes = Vec::with_capacity(commands.len());
        let mut executions = 0;
        while outcomes.len() < commands.len() {
            let executed = self.execute(&commands[outcomes.len()..])?;
            assert!(
                !executed.outcomes.is_empty(),
                "a batch runs at least one command"
            );
            outcomes.extend(executed.outcomes);
            self.stage(executed.writes);
            executions += 1;
            if executions % COMMIT_EXECUTIONS_MAX == 0 {
                self.commit()?;
            }
        }
        self.commit()?;
        self.metrics
            .commands
            .fetch_add(commands.len() as u64, Relaxed);
        Ok(outcomes)
    }

    /// To be called when the answers are out.
    pub fn answered(&mut self) -> Result<(), Fatal> {
        if self.is_unsynced {
            self.sync()?;
        }
        Ok(())
    }

    /// The store now.
    pub fn view(&self) -> View<'_> {
        View::new(&self.overlay, &self.tables, &self.cache)
    }

    /// Milliseconds since the engine was made.
    pub fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// The overlay holds more than it may: flush before the next commit.
    pub fn is_full(&self) -> bool {
        self.overlay.bytes() > self.overlay_bytes_max
    }

    /// A flush is under way, whose next job is to be asked for.
    pub fn has_flush_work(&self) -> bool {
        self.plan.pass.is_some() && !self.is_flushing
    }

    /// A flush is under way, its last job included.
    pub fn is_flushing(&self) -> bool {
        self.plan.pass.is_some() || self.is_flushing
    }

    /// When the next flush is due, in milliseconds since the engine was made.
    pub fn flush_due_ms(&self) -> Option<u64> {
        self.plan.due_ms()
    }

    /// Begins a flush of everything that is committed. None may be under way.
    pub fn begin_flush_of_all(&mut self) {
        assert!(
            self.plan.pass.is_none() && !self.is_flushing,
            "one flush at a time"
        );
        let now_ms = self.now_ms();
        self.plan.begin(self.log.next_record() - 1, now_ms);
        if let Some(pass) = &mut self.plan.pass {
            pass.is_effective = true;
        }
        self.unflushed_log_bytes.at_bound = self.unflushed_log_bytes.all;
    }

    /// The next job, if a flush is due or under way. One at a time: the one before must be done.
    pub fn next_job(&mut self) -> Option<Job> {
        if self.is_flushing {
            return None;
        }
        let before = self.plan.pass.is_some();
        self.plan.begin_if_due(self.now_ms(), self.overlay.bytes());
        if !before && self.plan.pass.is_some() {
            self.unflushed_log_bytes.at_bound = self.unflushed_log_bytes.all;
        }
        for _ in 0..WALK_STEPS_MAX {
            let pass = self.plan.pass.as_mut()?;
            if pass.walk == Walk::Done {
                return self.finish_job();
            }
            if let Some(bite) = self.overlay.take_bite(&mut pass.walk, pass.bound) {
                pass.is_effective = true;
                self.is_flushing = true;
                return Some(Job::Write(bite));
            }
        }
        None
    }

    /// The job is done.
    pub fn job_is_done(&mut self, job: &Job) {
        self.is_flushing = false;
        match job {
            Job::Write(bite) => {
                self.cache.get_mut().forget(bite);
                self.overlay.bite_is_flushed();
            }
            Job::Finish { .. } => {
                let bytes = &mut self.unflushed_log_bytes;
                bytes.all -= bytes.at_bound;
                bytes.at_bound = 0;
            }
        }
        self.measure();
    }

    /// A flush that changed nothing and frees no segment needs no sync: the next one covers it.
    fn finish_job(&mut self) -> Option<Job> {
        let pass = self.plan.pass.take()?;
        let obsolete = self.log.take_obsolete(pass.bound);
        if !pass.is_effective && obsolete.is_empty() {
            return None;
        }
        self.is_flushing = true;
        Some(Job::Finish {
            record: pass.bound,
            obsolete,
        })
    }

    /// Puts writes into the next record and shows them to the commands that follow. Nobody else sees them before the sync.
    fn stage(&mut self, writes: Vec<Write>) {
        self.log.push(&writes);
        let record = self.log.next_record();
        for write in writes {
            self.overlay.apply(write, record);
        }
    }

    /// Number of the last record of the log.
    pub fn last_record(&self) -> u64 {
        self.log.next_record() - 1
    }

    /// Commits writes that no command made.
    pub fn commit_writes(&mut self, writes: Vec<Write>) -> Result<(), Fatal> {
        self.stage(writes);
        self.commit()
    }

    fn execute(&self, commands: &[Command]) -> Result<Executed, Fatal> {
        let view = self.view();
        match execute(commands, &view, &self.rules) {
            Ok(executed) => Ok(executed),
            Err(Unexecuted::Damaged(row)) => Err(Fatal::DamagedRow {
                key: row.key,
                what: row.what,
            }),
            Err(Unexecuted::NotFetched(_)) => {
                Err(view.into_failure().map_or(Fatal::Rules, Fatal::Tables))
            }
        }
    }

    /// Writes what was pushed as one record and makes it durable.
    fn commit(&mut self) -> Result<(), Fatal> {
        let bytes = self.log.pushed_bytes() as u64;
        if bytes == 0 {
            return Ok(());
        }
        let record = self.log.next_record();
        self.log.write()?;
        if cfg!(planted = "answer_before_sync") {
            self.is_unsynced = true;
        } else {
            self.sync()?;
        }
        let now_ms = self.now_ms();
        self.plan.committed(record, now_ms);
        self.unflushed_log_bytes.all += bytes;
        self.metrics.commits.fetch_add(1, Relaxed);
        self.metrics.committed_bytes.fetch_add(bytes, Relaxed);
        self.measure();
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Fatal> {
        let time = self.log.sync()?;
        self.metrics.syncs.add(time);
        self.is_unsynced = false;
        Ok(())
    }

    fn measure(&self) {
        let gauges = [
            (&self.metrics.overlay_bytes, self.overlay.bytes() as u64),
            (&self.metrics.overlay_entries, self.overlay.entries() as u64),
            (&self.metrics.cancelled_entries, self.overlay.cancelled()),
            (&self.metrics.log_segments, self.log.segments() as u64),
            (
                &self.metrics.flush_backlog_bytes,
                self.unflushed_log_bytes.all,
            ),
        ];
        for (gauge, value) in gauges {
            gauge.store(value, Relaxed);
        }
    }
}
