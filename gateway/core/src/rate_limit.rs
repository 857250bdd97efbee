//! A token bucket in one number: the generic cell rate algorithm (ITU-T I.371), which keeps only the time at which the
//! bucket will be full again.

/// How fast and how much at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    interval_us: u64,
    tolerance_us: u64,
}

/// The state of one bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateLimit {
    full_at_us: u64,
}

impl Rate {
    /// `count` in `period_us` in the long run and `burst` at once; `None` where `count` is 0: no limit.
    pub(crate) fn new(count: u32, period_us: u64, burst: u32) -> Option<Self> {
        let interval_us = period_us.checked_div(u64::from(count))?.max(1);
        let tolerance_us = interval_us.saturating_mul(u64::from(burst.max(1)));
        Some(Self {
            interval_us,
            tolerance_us,
        })
    }
}

impl RateLimit {
    /// Takes one token; otherwise tells in how many milliseconds there will be one.
    pub(crate) fn take(&mut self, rate: Option<Rate>, ticks_us: u64) -> Result<(), u64> {
        self.take_many(rate, 1, ticks_us)
    }

    /// Takes `count` tokens or none; otherwise tells in how many milliseconds there will be as many. More than the burst are never there.
    pub(crate) fn take_many(
        &mut self,
        rate: Option<Rate>,
        count: u32,
        ticks_us: u64,
    ) -> Result<(), u64> {
        let Some(rate) = rate else { return Ok(()) };
        // Further ahead only when the rate was another: then the new one decides.
        let full_at_us = self
            .full_at_us
            .min(ticks_us.saturating_add(rate.tolerance_us));
        let full_at_us = full_at_us.max(ticks_us) + rate.interval_us * u64::from(count);
        let ahead_us = full_at_us - ticks_us;
        if ahead_us > rate.tolerance_us {
            return Err((ahead_us - rate.tolerance_us).div_ceil(1_000));
        }
        self.full_at_us = full_at_us;
        Ok(())
    }

    /// When the bucket is full again, in ticks (microseconds).
    pub(crate) fn full_at_us(&self) -> u64 {
        self.full_at_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let rate = Rate::new(10, 1_000_000, 3);
        let mut bucket = RateLimit::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(rate, 0), Ok(()));
        }
        assert_eq!(bucket.take(rate, 0), Err(100));
        assert_eq!(bucket.take(rate, 50_000), Err(50));
        assert_eq!(bucket.take(rate, 100_000), Ok(()));
        assert_eq!(bucket.take(rate, 100_000), Err(100));
    }

    #[test]
    fn a_debt_at_a_slow_rate_does_not_outlive_it() {
        let (slow, fast) = (Rate::new(1, 60_000_000, 10), Rate::new(10, 1_000_000, 3));
        let mut bucket = RateLimit::default();
        for _ in 0..10 {
            assert_eq!(bucket.take(slow, 0), Ok(()));
        }
        assert_eq!(bucket.take(fast, 0), Err(100));
    }

    #[test]
    fn no_rate_is_no_limit() {
        let mut bucket = RateLimit::default();
        for _ in 0..1_000 {
            assert_eq!(bucket.take(Rate::new(0, 1_000_000, 1), 0), Ok(()));
        }
    }
}
