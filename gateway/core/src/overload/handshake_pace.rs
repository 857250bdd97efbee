//! How many sign-ins a second are begun: as many as configured while nothing is late, fewer and fewer while something is, so
//! that a storm of those who come back leaves room for those who are there. Handshakes of TLS, which come before, keep the same pace.

use crate::limits::{HANDSHAKES_PER_SECOND_MAX, HANDSHAKES_PER_SECOND_MIN};
use crate::rate_limit::{Rate, RateLimit};

/// The pace of one core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HandshakePace {
    most: u32,
    least: u32,
    per_second: u32,
    bucket: RateLimit,
    tls_bucket: RateLimit,
}

impl HandshakePace {
    /// At most `per_second`; 0 for what a core can do at all.
    pub(crate) fn new(per_second: u32) -> Self {
        let most = match per_second {
            0 => HANDSHAKES_PER_SECOND_MAX,
            configured => configured,
        };
        Self {
            most,
            least: HANDSHAKES_PER_SECOND_MIN.min(most),
            per_second: most,
            bucket: RateLimit::default(),
            tls_bucket: RateLimit::default(),
        }
    }

    /// Begins one; otherwise tells in how many milliseconds there will be room for one.
    pub(crate) fn take(&mut self, ticks_us: u64) -> Result<(), u64> {
        let rate = self.rate();
        self.bucket.take(rate, ticks_us)
    }

    /// As `take`, for a handshake of TLS.
    pub(crate) fn take_tls(&mut self, ticks_us: u64) -> Result<(), u64> {
        let rate = self.rate();
        self.tls_bucket.take(rate, ticks_us)
    }

    fn rate(&self) -> Option<Rate> {
        Rate::new(self.per_second, 1_000_000, self.per_second)
    }

    /// An interval is over, in which commands waited too long, or did not.
    pub(crate) fn conclude(&mut self, is_late: bool) {
        self.per_second = if is_late {
            (self.per_second / 2).max(self.least)
        } else {
            (self.per_second + self.per_second / 8 + 1).min(self.most)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those begun of `count` that come evenly in an interval of 100 ms.
    fn begun(pace: &mut HandshakePace, interval: u64, count: u64) -> u64 {
        let at_us = |place: u64| interval * 100_000 + place * 100_000 / count;
        (0..count)
            .filter(|&place| pace.take(at_us(place)).is_ok())
            .count() as u64
    }

    #[test]
    fn a_storm_is_slowed_while_it_makes_others_wait() {
        let mut pace = HandshakePace::new(0);
        assert_eq!(begun(&mut pace, 0, 1_000), 1_000);
        for _ in 0..20 {
            pace.conclude(true);
        }
        let slowed: u64 = (1..21)
            .map(|interval| begun(&mut pace, interval, 1_000))
            .sum();
        let in_two_seconds = 3 * u64::from(HANDSHAKES_PER_SECOND_MIN);
        assert!((1..=in_two_seconds).contains(&slowed), "{slowed}");
        for _ in 0..80 {
            pace.conclude(false);
        }
        assert_eq!(begun(&mut pace, 100, 1_000), 1_000);
    }

    #[test]
    fn handshakes_of_tls_keep_the_pace_of_sign_ins_and_take_none_of_their_room() {
        let mut pace = HandshakePace::new(5);
        for _ in 0..5 {
            assert_eq!(pace.take_tls(0), Ok(()));
            assert_eq!(pace.take(0), Ok(()));
        }
        assert_eq!((pace.take_tls(0), pace.take(0)), (Err(200), Err(200)));
        assert_eq!(pace.take_tls(200_000), Ok(()));
    }

    #[test]
    fn what_is_configured_is_the_most() {
        let mut pace = HandshakePace::new(2);
        for _ in 0..50 {
            pace.conclude(false);
        }
        assert_eq!(begun(&mut pace, 0, 10), 2);
        assert_eq!(pace.take(100_000), Err(400));
    }
}
