//! A histogram of durations in fixed buckets: each is twice as wide as the one before, so adding is a count of zeros.

/// Buckets: the first holds durations under 2 µs, bucket `i` those under 2^(i+1) µs, the last all others.
pub const BUCKETS: usize = 32;

/// Counts of durations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Durations in each bucket (not cumulative).
    pub counts: [u64; BUCKETS],
    /// Sum of all durations, in microseconds.
    pub sum_us: u64,
}

impl Histogram {
    /// Adds a duration, in microseconds.
    pub fn add(&mut self, duration_us: u64) {
        let bucket = (63 - (duration_us | 1).leading_zeros()) as usize;
        self.counts[bucket.min(BUCKETS - 1)] += 1;
        self.sum_us = self.sum_us.saturating_add(duration_us);
    }

    /// First duration that is too long for bucket `index`, in microseconds; `None` for the last bucket.
    pub fn bound_us(index: usize) -> Option<u64> {
        (index + 1 < BUCKETS).then(|| 2 << index)
    }

    /// Number of durations.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_below_the_bound_of_their_bucket() {
        for (duration_us, bucket) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1_000_000, 19)] {
            let mut histogram = Histogram::default();
            histogram.add(duration_us);
            assert_eq!(histogram.counts[bucket], 1, "{duration_us}");
            assert!(duration_us < Histogram::bound_us(bucket).unwrap_or(u64::MAX));
        }
        let mut histogram = Histogram::default();
        histogram.add(u64::MAX);
        assert_eq!(histogram.counts[BUCKETS - 1], 1);
    }
}
