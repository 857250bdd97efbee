//! Carries bites of the overlay to the tables and retires log segments, on the flusher's thread or, without threads, at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::error::Fatal;
use crate::log::segment::Spares;
use crate::metrics::Metrics;
use crate::overlay::Bite;
use crate::tables::Tables;

/// One piece of work.
#[derive(Debug)]
pub(crate) enum Job {
    /// Write a bite to the tables.
    Write(Arc<Bite>),
    /// Everything up to `record` was written: make it durable, then retire segments that only hold older records.
    Finish {
        /// The record.
        record: u64,
        /// The segments.
        obsolete: Vec<u64>,
    },
}

/// Does jobs.
#[derive(Clone, Debug)]
pub(crate) struct Flusher {
    /// Where to.
    pub tables: Tables,
    /// The folder of the log.
    pub log: PathBuf,
    /// Files of the log to write over.
    pub spares: Spares,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Which failure a test asks for.
    #[cfg(test)]
    pub sync: crate::SyncMode,
}

impl Flusher {
    /// Does one job. After an error nothing more may be flushed.
    pub fn perform(&self, job: &Job) -> Result<(), Fatal> {
        match job {
            Job::Write(bite) => {
                let rows = self.tables.write(bite)?;
                self.metrics.flushed_entries.fetch_add(rows, Relaxed);
                self.metrics
                    .flushed_bytes
                    .fetch_add(bite.bytes() as u64, Relaxed);
            }
            Job::Finish { record, obsolete } => {
                self.finish(*record, obsolete)?;
                self.metrics.flushes.fetch_add(1, Relaxed);
            }
        }
        Ok(())
    }

    #[cfg(not(planted = "segment_deleted_before_persist"))]
    fn finish(&self, record: u64, obsolete: &[u64]) -> Result<(), Fatal> {
        self.tables.finish(record)?;
        #[cfg(test)]
        self.fail_amid_finish()?;
        Ok(self.spares.retire(&self.log, obsolete)?)
    }

    /// Planted defect: segments go while the tables do not yet say that they are not needed.
    #[cfg(planted = "segment_deleted_before_persist")]
    fn finish(&self, record: u64, obsolete: &[u64]) -> Result<(), Fatal> {
        self.spares.retire(&self.log, obsolete)?;
        #[cfg(test)]
        self.fail_amid_finish()?;
        Ok(self.tables.finish(record)?)
    }

    /// The power fails between the two steps, if the test asks for it.
    #[cfg(test)]
    fn fail_amid_finish(&self) -> Result<(), crate::FileError> {
        match self.sync {
            crate::SyncMode::FailAmidFinish => Err(crate::FileError::of("reach", &self.log)(
                std::io::Error::other("the power is gone"),
            )),
            _ => Ok(()),
        }
    }
}
