//! How long those are told to wait who are refused for load: longer while more are refused than are taken, so that the work of
//! refusing stays below the work of storing; shorter again when fewer are.

use crate::limits::{OVERLOAD_RETRY_MS_MAX, OVERLOAD_RETRY_MS_MIN};

/// The advice, and what it follows from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advice {
    retry_ms: u64,
    refused: u64,
    taken: u64,
}

impl Default for Advice {
    fn default() -> Self {
        Self {
            retry_ms: OVERLOAD_RETRY_MS_MIN,
            refused: 0,
            taken: 0,
        }
    }
}

impl Advice {
    /// Some were taken.
    pub(crate) fn taken(&mut self, count: u64) {
        self.taken += count;
    }

    /// One is refused: the time to wait, in milliseconds.
    pub(crate) fn refused(&mut self) -> u64 {
        self.refused += 1;
        self.retry_ms
    }

    /// An interval is over.
    pub(crate) fn conclude(&mut self) {
        self.retry_ms = if self.refused > self.taken {
            (self.retry_ms + self.retry_ms / 2).min(OVERLOAD_RETRY_MS_MAX)
        } else {
            (self.retry_ms - self.retry_ms / 4).max(OVERLOAD_RETRY_MS_MIN)
        };
        (self.refused, self.taken) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(advice: &mut Advice, refused: u64, taken: u64) -> u64 {
        advice.taken(taken);
        (0..refused).for_each(|_| {
            advice.refused();
        });
        advice.conclude();
        advice.retry_ms
    }

    #[test]
    fn it_grows_while_most_are_refused_and_falls_afterwards() {
        let mut advice = Advice::default();
        let grown: Vec<u64> = (0..20).map(|_| interval(&mut advice, 3, 1)).collect();
        assert!(grown.is_sorted());
        assert_eq!(grown.last(), Some(&OVERLOAD_RETRY_MS_MAX));
        let fallen: Vec<u64> = (0..20).map(|_| interval(&mut advice, 1, 3)).collect();
        assert!(fallen.iter().rev().is_sorted());
        assert_eq!(fallen.last(), Some(&OVERLOAD_RETRY_MS_MIN));
    }
}
