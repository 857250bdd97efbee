//! A histogram of durations in fixed buckets, 16 to each doubling: a value is known to a sixteenth, and adding is a count of
//! zeros and a shift.

/// Buckets of one doubling.
const PARTS: usize = 16;
const PARTS_BITS: u32 = PARTS.trailing_zeros();
/// Durations from 2^31 µs (36 minutes) on are in one bucket.
const LONG_BITS: u32 = 31;
/// Buckets: each of the first 32 holds one number of microseconds, then there are 16 to each doubling, and the last holds all
/// that are longer.
pub const BUCKETS: usize = (LONG_BITS - PARTS_BITS + 1) as usize * PARTS + 1;
/// Doublings: the first holds durations under 2 µs, doubling `i` those from 2^i to 2^(i+1) µs, the last all others.
pub const DOUBLINGS: usize = LONG_BITS as usize + 1;

/// Counts of durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Durations in each bucket (not cumulative).
    pub counts: [u64; BUCKETS],
    /// Sum of all durations, in microseconds.
    pub sum_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: [0; BUCKETS],
            sum_us: 0,
        }
    }
}

impl Histogram {
    /// Adds a duration, in microseconds.
    pub fn add(&mut self, duration_us: u64) {
        self.counts[bucket_of(duration_us)] += 1;
        self.sum_us = self.sum_us.saturating_add(duration_us);
    }

    /// Adds all that another has counted.
    pub fn merge(&mut self, other: &Self) {
        let both = self.counts.iter_mut().zip(&other.counts);
        both.for_each(|(count, others)| *count += others);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// Durations in each doubling (not cumulative).
    pub fn by_doubling(&self) -> [u64; DOUBLINGS] {
        let mut counts = [0; DOUBLINGS];
        for (index, count) in self.counts.iter().enumerate() {
            let log = (first_us(index) | 1).ilog2() as usize;
            counts[log.min(DOUBLINGS - 1)] += count;
        }
        counts
    }

    /// First duration that is too long for a doubling, in microseconds; `None` for the last.
    pub fn doubling_end_us(doubling: usize) -> Option<u64> {
        (doubling + 1 < DOUBLINGS).then(|| 2 << doubling)
    }

    /// The middle of each bucket that is not empty, in nanoseconds, and its count. The last has no middle: its beginning stands.
    pub fn middles_ns(&self) -> impl Iterator<Item = (u64, u64)> {
        let middle_ns = |index: usize| match index + 1 < BUCKETS {
            true => (first_us(index) + first_us(index + 1)) * 500,
            false => first_us(index) * 1_000,
        };
        let counts = self.counts.iter().enumerate();
        counts
            .filter(|(_, count)| **count > 0)
            .map(move |(index, count)| (middle_ns(index), *count))
    }

    /// Number of durations.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

fn bucket_of(duration_us: u64) -> usize {
    let shift = (duration_us | PARTS as u64).ilog2() - PARTS_BITS;
    let bucket = (u64::from(shift) << PARTS_BITS) + (duration_us >> shift);
    (bucket as usize).min(BUCKETS - 1)
}

/// Least duration of a bucket, in microseconds.
fn first_us(bucket: usize) -> u64 {
    let shift = (bucket / PARTS).saturating_sub(1);
    ((bucket - shift * PARTS) as u64) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_with_its_first_duration_and_ends_before_the_next() {
        for bucket in 0..BUCKETS {
            assert_eq!(bucket_of(first_us(bucket)), bucket);
            assert_eq!(bucket_of(first_us(bucket + 1) - 1), bucket);
            let width_us = first_us(bucket + 1) - first_us(bucket);
            assert!(
                width_us == 1 || width_us * 16 <= first_us(bucket),
                "{bucket}"
            );
        }
        assert_eq!(first_us(BUCKETS - 1), 1 << LONG_BITS);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn durations_fall_below_the_end_of_their_doubling() {
        for (duration_us, doubling) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1_000_000, 19)] {
            let mut histogram = Histogram::default();
            histogram.add(duration_us);
            assert_eq!(histogram.by_doubling()[doubling], 1, "{duration_us}");
            assert!(duration_us < Histogram::doubling_end_us(doubling).unwrap_or(u64::MAX));
        }
        let mut histogram = Histogram::default();
        histogram.add(u64::MAX);
        assert_eq!(histogram.by_doubling()[DOUBLINGS - 1], 1);
    }

    #[test]
    fn a_middle_is_within_a_thirty_second_of_what_was_added() {
        let mut sum = Histogram::default();
        for duration_us in [1_000_u64, 77_777, 123_456_789] {
            let mut histogram = Histogram::default();
            histogram.add(duration_us);
            let (middle_ns, count) = histogram.middles_ns().next().unwrap_or_default();
            assert_eq!(count, 1);
            assert!((duration_us * 1_000).abs_diff(middle_ns) * 32 <= duration_us * 1_000);
            sum.merge(&histogram);
        }
        assert_eq!((sum.count(), sum.sum_us), (3, 1_000 + 77_777 + 123_456_789));
    }
}
