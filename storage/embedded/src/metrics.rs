//! What the engine counts: written by its threads, read by anyone at any time. Counters only rise; gauges are named so.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counters and gauges of one store.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Commit records written.
    pub commits: AtomicU64,
    /// Bytes of commit records.
    pub committed_bytes: AtomicU64,
    /// Commands run.
    pub commands: AtomicU64,
    /// Time of every sync of the log.
    pub syncs: Histogram,
    /// Times that commits waited because the overlay was full.
    pub overlay_waits: AtomicU64,
    /// Gauge: bytes of memory of the overlay, that is, of all that is not yet in the tables.
    pub overlay_bytes: AtomicU64,
    /// Gauge: entries of the overlay.
    pub overlay_entries: AtomicU64,
    /// Gauge: bytes of commit records whose writes are not all in the tables.
    pub flush_backlog_bytes: AtomicU64,
    /// Rows written to or removed from the tables.
    pub flushed_entries: AtomicU64,
    /// Bytes of memory of what was flushed.
    pub flushed_bytes: AtomicU64,
    /// Flushes that were finished: everything up to a record is in the tables.
    pub flushes: AtomicU64,
    /// Entries that left the overlay without ever reaching the tables.
    pub cancelled_entries: AtomicU64,
    /// Gauge: segments of the log.
    pub log_segments: AtomicU64,
    /// Chats that the sweep for retention looked at.
    pub swept_chats: AtomicU64,
    /// Messages that the sweep removed.
    pub swept_messages: AtomicU64,
    /// Device rows that the sweep for unseen devices looked at.
    pub swept_devices: AtomicU64,
    /// Devices that it unlinked, now out of all chats.
    pub unlinked_devices: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl Metrics {
    /// Why the store stopped, if it did.
    pub fn last_error(&self) -> Option<String> {
        self.last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_last_error(&self, error: String) {
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// Times by powers of two: bucket `n` counts those of 2^(n-1) to 2^n - 1 nanoseconds, bucket 0 those of none.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; Self::BUCKETS],
    sum_ns: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; Self::BUCKETS],
            sum_ns: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Number of buckets: up to half an hour and all above.
    pub const BUCKETS: usize = 42;

    /// Counts one.
    pub fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - nanoseconds.leading_zeros()) as usize;
        self.buckets[bucket.min(Self::BUCKETS - 1)].fetch_add(1, Relaxed);
        self.sum_ns.fetch_add(nanoseconds, Relaxed);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// Sum of all, in nanoseconds.
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns.load(Relaxed)
    }

    /// The count of every bucket.
    pub fn counts(&self) -> [u64; Self::BUCKETS] {
        std::array::from_fn(|bucket| self.buckets[bucket].load(Relaxed))
    }

    /// Upper end of a bucket, in nanoseconds.
    pub fn bucket_end_ns(bucket: usize) -> u64 {
        (1 << bucket.min(Self::BUCKETS - 1)) - 1
    }

    /// Upper end of the bucket in which the middle one lies, in nanoseconds; 0 for none.
    pub fn median_ns(&self) -> u64 {
        let counts = self.counts();
        let half = counts.iter().sum::<u64>().div_ceil(2);
        let mut seen = 0;
        let middle = counts.iter().position(|count| {
            seen += count;
            seen >= half
        });
        middle.map_or(0, Self::bucket_end_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_tells_count_sum_and_median() {
        let histogram = Histogram::default();
        assert_eq!((histogram.count(), histogram.median_ns()), (0, 0));
        for nanoseconds in [0, 1, 100, 120, 127, 1_000, u64::MAX] {
            histogram.add(Duration::from_nanos(nanoseconds));
        }
        assert_eq!(histogram.count(), 7);
        assert_eq!(histogram.median_ns(), 127);
        assert_eq!(histogram.counts()[Histogram::BUCKETS - 1], 1);
    }
}
