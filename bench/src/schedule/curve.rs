//! `Curve`: how a day's messages are spread over local time, constant within slots of five minutes; the mean of an ordinary
//! day is 1.

use super::world::{NEW_YEAR_DECAY_MIN, NEW_YEAR_PEAKS};

/// Slots of a day.
pub const SLOTS: usize = 288;
/// Length of a slot, in seconds.
pub const SLOT_S: u32 = 300;

const SLOTS_PER_HOUR: usize = SLOTS / 24;

/// Rates of the slots of a day, in means of an ordinary day.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    rates: [f64; SLOTS],
}

impl Curve {
    /// A curve through `by_hour`, in proportion, the value of each hour at half past. With `new_year` the wave after midnight lies
    /// over it.
    pub fn new(by_hour: &[f64; 24], new_year: bool) -> Self {
        let mut rates = [0.0; SLOTS];
        for (slot, rate) in rates.iter_mut().enumerate() {
            let since_half = (slot as f64 + 0.5) / SLOTS_PER_HOUR as f64 + 23.5;
            let (hour, part) = (since_half as usize % 24, since_half.fract());
            *rate = by_hour[hour] * (1.0 - part) + by_hour[(hour + 1) % 24] * part;
        }
        let mean = rates.iter().sum::<f64>() / SLOTS as f64;
        rates = rates.map(|rate| rate / mean);
        let curve = Self { rates };
        if new_year { curve.greeting() } else { curve }
    }

    /// The rate in a slot of local time.
    pub fn rate(&self, slot: usize) -> f64 {
        self.rates[slot]
    }

    /// The largest rate.
    pub fn peak(&self) -> f64 {
        self.rates.iter().copied().fold(0.0, f64::max)
    }

    fn greeting(mut self) -> Self {
        let top = self.peak() * NEW_YEAR_PEAKS;
        for (slot, rate) in self.rates.iter_mut().enumerate() {
            let minutes = slot as f64 * f64::from(SLOT_S) / 60.0;
            *rate = rate.max(top * (-minutes / NEW_YEAR_DECAY_MIN).exp());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::world::MESSAGES_BY_HOUR;

    #[test]
    fn the_curve_goes_through_its_points() {
        let curve = Curve::new(&MESSAGES_BY_HOUR, false);
        let around = |hour: usize| {
            let slot = hour * SLOTS_PER_HOUR + SLOTS_PER_HOUR / 2;
            (curve.rate(slot) + curve.rate(slot - 1)) / 2.0
        };
        let ratio = around(12) / around(3);
        assert!((ratio / (1.42 / 0.08) - 1.0).abs() < 0.1, "{ratio}");
        let mean = (0..SLOTS).map(|slot| curve.rate(slot)).sum::<f64>() / SLOTS as f64;
        assert!((mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_new_year_is_a_peak_of_its_size_and_a_seventh_of_a_day() {
        let ordinary = Curve::new(&MESSAGES_BY_HOUR, false);
        let greeting = Curve::new(&MESSAGES_BY_HOUR, true);
        assert!((greeting.rate(0) / ordinary.peak() - NEW_YEAR_PEAKS).abs() < 1e-12);
        let sum = |curve: &Curve| (0..SLOTS).map(|slot| curve.rate(slot)).sum::<f64>();
        let more = sum(&greeting) / sum(&ordinary);
        assert!((1.10..1.18).contains(&more), "{more}");
    }
}
