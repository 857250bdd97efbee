//! Times laps of a benchmark: the time of one operation, its median over the laps and its spread.

use core::hint::black_box;
use std::time::{Duration, Instant};

use crate::Benchmark;

/// Fewest laps that are timed, however long they take.
const LAPS_MIN: usize = 11;
/// Part of the time that goes before, untimed.
const WARM_UP_DIVISOR: u32 = 5;

/// Times of one operation, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Laps timed.
    pub laps: usize,
    /// The fastest lap's.
    pub least_ns: f64,
    /// The first quartile.
    pub lower_ns: f64,
    /// The median.
    pub median_ns: f64,
    /// The third quartile.
    pub upper_ns: f64,
}

/// Runs laps for about `time`, their preparation included, and as many before as warm it up.
pub fn time(benchmark: &mut dyn Benchmark, time: Duration) -> Timing {
    run(benchmark, time / WARM_UP_DIVISOR, 1);
    let laps = run(benchmark, time, LAPS_MIN);
    Timing::of(laps, benchmark.operations())
}

/// The times of at least `laps_min` laps.
fn run(benchmark: &mut dyn Benchmark, time: Duration, laps_min: usize) -> Vec<Duration> {
    let started = Instant::now();
    let mut laps = Vec::new();
    while laps.len() < laps_min || started.elapsed() < time {
        benchmark.prepare();
        let lap = Instant::now();
        black_box(&mut *benchmark).lap();
        laps.push(lap.elapsed());
        benchmark.check();
    }
    laps
}

impl Timing {
    /// The times of `operations` operations a lap; `laps` are one or more.
    fn of(mut laps: Vec<Duration>, operations: u64) -> Self {
        laps.sort_unstable();
        let last = laps.len() - 1;
        let at = |quarter: usize| laps[last * quarter / 4].as_nanos() as f64 / operations as f64;
        Self {
            laps: laps.len(),
            least_ns: at(0),
            lower_ns: at(1),
            median_ns: at(2),
            upper_ns: at(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn quartiles_are_of_one_operation() {
        let laps = [50, 10, 30, 20, 40].map(Duration::from_nanos).to_vec();
        let timing = Timing::of(laps, 10);
        let expected = Timing {
            laps: 5,
            least_ns: 1.0,
            lower_ns: 2.0,
            median_ns: 3.0,
            upper_ns: 4.0,
        };
        assert_eq!(timing, expected);
    }

    /// Steps through the calls of a lap: 1 is prepared, 2 is run, 3 is run and checked.
    struct Stepping(Cell<u8>, usize);

    impl Benchmark for Stepping {
        fn operations(&self) -> u64 {
            1
        }

        fn prepare(&mut self) {
            assert_eq!(self.0.replace(1), 3);
        }

        fn lap(&mut self) {
            assert_eq!(self.0.replace(2), 1);
            self.1 += 1;
        }

        fn check(&self) {
            assert_eq!(self.0.replace(3), 2);
        }
    }

    #[test]
    fn each_lap_is_prepared_and_checked() {
        let mut benchmark = Stepping(Cell::new(3), 0);
        let timing = time(&mut benchmark, Duration::ZERO);
        assert_eq!((timing.laps, benchmark.0.get()), (LAPS_MIN, 3));
        assert_eq!(benchmark.1, LAPS_MIN + 1);
    }
}
