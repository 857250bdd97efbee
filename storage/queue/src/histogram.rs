//! A histogram by powers of two, with which every store counts times and sizes: added to by any thread, read at any time.
//!
//! Invariant: counts and the sum only rise.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Numbers by powers of two: bucket `n` counts those of 2^(n-1) to 2^n - 1, bucket 0 zeros. Times are in nanoseconds.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; Self::BUCKETS],
    sum: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; Self::BUCKETS],
            sum: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Number of buckets: of times, up to half an hour and all above.
    pub const BUCKETS: usize = 42;

    /// Counts a time.
    pub fn add(&self, time: Duration) {
        self.add_number(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts a number of anything but time.
    pub fn add_number(&self, number: u64) {
        let bucket = (u64::BITS - number.leading_zeros()) as usize;
        self.buckets[bucket.min(Self::BUCKETS - 1)].fetch_add(1, Relaxed);
        self.sum.fetch_add(number, Relaxed);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// Sum of all; of times, in nanoseconds.
    pub fn sum_ns(&self) -> u64 {
        self.sum.load(Relaxed)
    }

    /// The count of every bucket.
    pub fn counts(&self) -> [u64; Self::BUCKETS] {
        std::array::from_fn(|bucket| self.buckets[bucket].load(Relaxed))
    }

    /// Upper end of a bucket.
    pub fn bucket_end_ns(bucket: usize) -> u64 {
        (1 << bucket.min(Self::BUCKETS - 1)) - 1
    }

    /// Upper end of the bucket in which the middle one lies; 0 for none.
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
        for number in [0, 1, 100, 120, 127, 1_000, u64::MAX] {
            histogram.add(Duration::from_nanos(number));
        }
        assert_eq!(histogram.count(), 7);
        assert_eq!(histogram.median_ns(), 127);
        assert_eq!(histogram.counts()[Histogram::BUCKETS - 1], 1);
    }
}
