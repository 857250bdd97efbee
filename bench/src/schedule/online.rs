//! `Online`: how many of the users of a region are connected. A user that is not connects at a hazard in proportion to the curve of
//! messages; a session's length is exponential. So the share is known exactly at each moment of local time.

use super::curve::{Curve, SLOT_S, SLOTS};
use super::world::{SESSION_S_MEAN, SESSIONS_PER_USER_AND_DAY};

const ROUNDS: usize = 60;
const HAZARD_MAX: f64 = 1.0;
const DAYS_TO_SETTLE: usize = 3;

/// Shares of the users that are connected, by local time, and the hazards that make them.
#[derive(Clone, Debug)]
pub struct Online {
    hazards: [f64; SLOTS],
    starts: [f64; SLOTS],
}

impl Online {
    /// For days that follow `curve`. The hazard is such that on days of `ordinary` a user has its usual number of sessions.
    pub fn new(ordinary: &Curve, curve: &Curve) -> Self {
        let (mut low, mut high) = (0.0, HAZARD_MAX);
        for _ in 0..ROUNDS {
            let middle = (low + high) / 2.0;
            if Self::with_hazard(ordinary, middle).sessions_per_day() < SESSIONS_PER_USER_AND_DAY {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self::with_hazard(curve, low)
    }

    /// The hazard of connecting in a slot of local time, per second and user that is not connected.
    pub fn hazard(&self, slot: usize) -> f64 {
        self.hazards[slot]
    }

    /// The share connected `seconds` after the beginning of a slot of local time.
    pub fn share(&self, slot: usize, seconds: f64) -> f64 {
        after(self.hazards[slot], self.starts[slot], seconds)
    }

    /// The mean share in the part of a slot from `from_s` to `to_s` seconds after its beginning.
    pub fn mean_share(&self, slot: usize, from_s: f64, to_s: f64) -> f64 {
        let (settled, speed) = limit(self.hazards[slot]);
        let (from, to) = (self.share(slot, from_s), self.share(slot, to_s));
        settled + (from - to) / (speed * (to_s - from_s))
    }

    /// Sessions that a user begins on such a day.
    pub fn sessions_per_day(&self) -> f64 {
        let slot_s = f64::from(SLOT_S);
        (0..SLOTS)
            .map(|slot| self.hazards[slot] * (1.0 - self.mean_share(slot, 0.0, slot_s)) * slot_s)
            .sum()
    }

    fn with_hazard(curve: &Curve, hazard: f64) -> Self {
        let hazards: [f64; SLOTS] = std::array::from_fn(|slot| hazard * curve.rate(slot));
        let mut starts = [0.0; SLOTS];
        let mut share = 0.0;
        for _ in 0..DAYS_TO_SETTLE {
            for slot in 0..SLOTS {
                starts[slot] = share;
                share = after(hazards[slot], share, f64::from(SLOT_S));
            }
        }
        Self { hazards, starts }
    }
}

/// The share that a constant hazard leads to, and the speed at which it is approached, per second.
fn limit(hazard: f64) -> (f64, f64) {
    let speed = hazard + 1.0 / SESSION_S_MEAN;
    (hazard / speed, speed)
}

fn after(hazard: f64, share: f64, seconds: f64) -> f64 {
    let (settled, speed) = limit(hazard);
    settled + (share - settled) * (-speed * seconds).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::world::MESSAGES_BY_HOUR;

    #[test]
    fn a_day_has_its_sessions_and_closes_on_itself() {
        let curve = Curve::new(&MESSAGES_BY_HOUR, false);
        let online = Online::new(&curve, &curve);
        assert!((online.sessions_per_day() - SESSIONS_PER_USER_AND_DAY).abs() < 1e-6);
        let (last, first) = (
            online.share(SLOTS - 1, f64::from(SLOT_S)),
            online.share(0, 0.0),
        );
        assert!((last - first).abs() < 1e-9);
        let mean = (0..SLOTS)
            .map(|slot| online.mean_share(slot, 0.0, f64::from(SLOT_S)))
            .sum::<f64>()
            / SLOTS as f64;
        let expected = SESSIONS_PER_USER_AND_DAY * SESSION_S_MEAN / 86_400.0;
        assert!((mean - expected).abs() < 1e-6, "{mean}, not {expected}");
    }

    #[test]
    fn the_mean_of_a_slot_is_that_of_its_moments() {
        let curve = Curve::new(&MESSAGES_BY_HOUR, true);
        let online = Online::new(&Curve::new(&MESSAGES_BY_HOUR, false), &curve);
        let moments = (0..1000).map(|part| online.share(0, 100.0 + (f64::from(part) + 0.5) / 10.0));
        let mean = moments.sum::<f64>() / 1000.0;
        assert!((online.mean_share(0, 100.0, 200.0) - mean).abs() < 1e-6);
    }
}
