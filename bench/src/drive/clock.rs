//! `Clock`: nanoseconds since the run began. 0 is never given out, so that it can mean "not yet".

use std::time::{Duration, Instant};

/// The run's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Begins now.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Now, from 1.
    pub fn now_ns(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64 + 1
    }

    /// Time from a point of this clock until now.
    pub fn since(&self, earlier_ns: u64) -> Duration {
        Duration::from_nanos(self.now_ns().saturating_sub(earlier_ns))
    }
}
