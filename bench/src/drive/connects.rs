//! Connecting: devices that wait for their turn, at a pace, and those that come back after a backoff.
//!
//! Backoff as docs/protocol.md wants it: a random time between 0 and 200 ms x 2^attempt, at most 30 s.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::schedule::Draw;

/// Stream of the seed: apart from those of the schedule.
const BACKOFFS: u64 = 100;
const BACKOFF_NS: u64 = 200_000_000;
const BACKOFF_NS_MAX: u64 = 30_000_000_000;

/// Who connects when.
pub struct Connects {
    waiting: VecDeque<u32>,
    later: BinaryHeap<Reverse<(u64, u32)>>,
    interval_ns: u64,
    next_ns: u64,
    /// Connections that are being made.
    pub joining: u32,
    joining_max: u32,
    draw: Draw,
}

impl Connects {
    /// Nobody, at any pace.
    pub fn new(seed: u64) -> Self {
        Self {
            waiting: VecDeque::new(),
            later: BinaryHeap::new(),
            interval_ns: 0,
            next_ns: 0,
            joining: 0,
            joining_max: u32::MAX,
            draw: Draw::new(seed, BACKOFFS),
        }
    }

    /// At most `per_second` connects a second (0: no limit) and `joining_max` at a time.
    pub fn pace(&mut self, per_second: u32, joining_max: u32) {
        self.interval_ns = 1_000_000_000u64
            .checked_div(u64::from(per_second))
            .unwrap_or(0);
        self.joining_max = joining_max;
    }

    /// Adds a device.
    pub fn add(&mut self, device: u32) {
        self.waiting.push_back(device);
    }

    /// Adds a device again, after its backoff.
    pub fn add_later(&mut self, device: u32, attempts: u8, now_ns: u64) {
        let span_ns = (BACKOFF_NS << attempts.min(10)).min(BACKOFF_NS_MAX);
        let wait_ns = ((u128::from(self.draw.next_u64() >> 32) * u128::from(span_ns)) >> 32) as u64;
        self.later.push(Reverse((now_ns + wait_ns, device)));
    }

    /// The next device whose turn has come.
    pub fn next(&mut self, now_ns: u64) -> Option<u32> {
        if self.joining >= self.joining_max {
            return None;
        }
        if let Some(Reverse((due_ns, device))) = self.later.peek().copied()
            && due_ns <= now_ns
        {
            self.later.pop();
            return Some(device);
        }
        if self.waiting.is_empty() || self.next_ns > now_ns {
            return None;
        }
        // A second's worth at most is made up for.
        self.next_ns = self.next_ns.max(now_ns.saturating_sub(1_000_000_000)) + self.interval_ns;
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_kept() {
        let mut connects = Connects::new(1);
        connects.pace(1000, u32::MAX);
        (0..100).for_each(|device| connects.add(device));
        let start_ns = 10_000_000_000;
        connects.next_ns = start_ns;
        let mut count = 0;
        for ms in 0..50 {
            while connects.next(start_ns + ms * 1_000_000).is_some() {
                count += 1;
            }
        }
        assert_eq!(count, 50);
    }

    #[test]
    fn a_backoff_is_within_its_bound() {
        let mut connects = Connects::new(7);
        for device in 0..1000 {
            connects.add_later(device, 1, 0);
        }
        let last = connects.later.iter().map(|Reverse((due, _))| *due).max();
        assert!(
            last.is_some_and(|last| (300_000_000..400_000_000).contains(&last)),
            "{last:?}"
        );
        assert_eq!(connects.next(0), None);
    }
}
