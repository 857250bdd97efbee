//! One reading of a node, process and metrics together, and what it took between two of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::handle::NodeHandle;
use super::http::AskError;
use super::metrics::Metrics;
use super::process::{ProcessReading, ReadProcessError};

/// The metrics page must come in this time.
const METRICS_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a node could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadNodeError {
    /// Its process.
    #[error(transparent)]
    Process(#[from] ReadProcessError),
    /// Its metrics.
    #[error(transparent)]
    Metrics(#[from] AskError),
}

/// One reading.
#[derive(Clone, Debug)]
pub struct Reading {
    /// When the process was read.
    pub at: Instant,
    /// Its process.
    pub process: ProcessReading,
    /// Its metrics, read right after the process.
    pub metrics: Metrics,
}

/// What a node took between two readings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeUse {
    /// Seconds between the readings.
    pub seconds: f64,
    /// User and system time of the whole process, in seconds.
    pub cpu_s: f64,
    /// Of it in user mode, to 10 ms.
    pub user_s: f64,
    /// Of it in the kernel, to 10 ms.
    pub system_s: f64,
    /// Processor seconds by name of thread.
    pub threads_cpu_s: BTreeMap<String, f64>,
    /// Resident memory at the end.
    pub resident_bytes: u64,
    /// Syncs of the commit log.
    pub syncs: u64,
    /// Begin and end of the bucket with the median sync, in seconds; `None` without syncs.
    pub sync_median_between_s: Option<(f64, f64)>,
    /// Commit records not yet in the tables, at the end.
    pub flush_backlog_bytes: u64,
    /// Messages made durable.
    pub stored: u64,
    /// Messages written to sessions as they came.
    pub delivered: u64,
    /// Bytes received from clients.
    pub received_bytes: u64,
    /// Bytes sent to clients.
    pub sent_bytes: u64,
    /// Every metric: how much it grew if it is a counter, its value at the end if it is a gauge.
    pub metrics: BTreeMap<String, f64>,
}

impl Reading {
    /// Reads a node.
    ///
    /// # Errors
    /// It has ended or does not answer.
    pub fn take(node: &NodeHandle) -> Result<Self, ReadNodeError> {
        let at = Instant::now();
        let process = ProcessReading::take(node.pid)?;
        let metrics = Metrics::fetch(node.http, METRICS_TIMEOUT)?;
        Ok(Self {
            at,
            process,
            metrics,
        })
    }

    /// What was taken since an earlier reading. A thread that has ended in between is in the sum, not among the threads.
    pub fn since(&self, earlier: &Self) -> NodeUse {
        let metrics = self.metrics.since(&earlier.metrics);
        let (process, before) = (&self.process, &earlier.process);
        let syncs = metrics.histogram("ringpost_store_sync_seconds");
        let count = |name: &str| metrics.sum(name).max(0.0) as u64;
        let thread_s = |(name, cpu_s): (&String, &f64)| {
            let before_s = before.threads_cpu_s.get(name).copied().unwrap_or_default();
            (name.clone(), (cpu_s - before_s).max(0.0))
        };
        NodeUse {
            seconds: self.at.saturating_duration_since(earlier.at).as_secs_f64(),
            cpu_s: process.cpu.saturating_sub(before.cpu).as_secs_f64(),
            user_s: process.user_s - before.user_s,
            system_s: process.system_s - before.system_s,
            threads_cpu_s: process.threads_cpu_s.iter().map(thread_s).collect(),
            resident_bytes: process.resident_bytes,
            syncs: syncs.as_ref().map_or(0, |syncs| syncs.count()),
            sync_median_between_s: syncs.and_then(|syncs| syncs.around(0.5)),
            flush_backlog_bytes: count("ringpost_store_flush_backlog_bytes"),
            stored: count("ringpost_messages_stored_total"),
            delivered: count("ringpost_messages_delivered_total"),
            received_bytes: count("ringpost_received_bytes_total"),
            sent_bytes: count("ringpost_sent_bytes_total"),
            metrics: metrics.to_map(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(at: Instant, cpu_ms: u64, page: &str) -> Reading {
        Reading {
            at,
            process: ProcessReading {
                cpu: Duration::from_millis(cpu_ms),
                user_s: cpu_ms as f64 / 2_000.0,
                system_s: cpu_ms as f64 / 2_000.0,
                resident_bytes: cpu_ms * 10,
                threads_cpu_s: BTreeMap::from([("core-0".to_owned(), cpu_ms as f64 / 1_000.0)]),
            },
            metrics: Metrics::parse(page),
        }
    }

    #[test]
    fn use_is_the_difference_of_what_grows_and_the_end_of_what_does_not() {
        let begin = Instant::now();
        let page = |factor: u64| {
            format!(
                "# TYPE ringpost_messages_stored_total counter\nringpost_messages_stored_total {}\n\
                 # TYPE ringpost_store_flush_backlog_bytes gauge\nringpost_store_flush_backlog_bytes {}\n\
                 # TYPE ringpost_store_sync_seconds histogram\n\
                 ringpost_store_sync_seconds_bucket{{le=\"0.001\"}} {}\n\
                 ringpost_store_sync_seconds_bucket{{le=\"+Inf\"}} {}\n",
                factor * 100,
                factor * 7,
                factor * 2,
                factor * 3
            )
        };
        let first = reading(begin, 1_000, &page(1));
        let last = reading(begin + Duration::from_secs(2), 3_000, &page(3));
        let used = last.since(&first);
        assert_eq!((used.seconds, used.cpu_s), (2.0, 2.0));
        assert_eq!((used.user_s, used.system_s), (1.0, 1.0));
        assert_eq!((used.stored, used.flush_backlog_bytes), (200, 21));
        assert_eq!(used.syncs, 6);
        assert_eq!(used.sync_median_between_s, Some((0.0, 0.001)));
        assert_eq!(used.resident_bytes, 30_000);
        assert_eq!(used.threads_cpu_s["core-0"], 2.0);
    }
}
