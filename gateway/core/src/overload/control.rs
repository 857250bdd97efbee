//! `Control`: how much a home sheds, from the delay of its queue. After CoDel (Nichols, Jacobson 2012): what counts is the least
//! delay of an interval, so that a burst that is worked off is no overload and a standing queue is.
//!
//! Input: at each batch, for how long its first command had been left out by the batch before; a queue that every batch empties has
//! no delay, however slow the store is. Output: the level, that is how many steps are shed. Invariant: the level rises at once to
//! what the delay asks for, and falls by one step an interval.

use super::advice::Advice;
use super::handshake_pace::HandshakePace;
use super::signature_budget::SignatureBudget;
use super::step::{STEPS_BY_LEVEL, Step};
use crate::limits::{OVERLOAD_INTERVAL_US, OVERLOAD_INTERVALS_AT_ONCE};

/// The load of one core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control {
    /// Delay at which everything that may be shed is, in microseconds.
    target_us: u64,
    ends_us: u64,
    /// Least delay of the interval so far; `None` without a batch.
    least_us: Option<u64>,
    delay_us: u64,
    level: u8,
    /// Commands that left the queue in the interval so far, and in the latest ones.
    taken: u64,
    taken_lately: u64,
    /// Commands of the latest batch.
    batch: u64,
    pub(crate) advice: Advice,
    pub(crate) handshakes: HandshakePace,
    pub(crate) signatures: SignatureBudget,
}

impl Control {
    /// Nothing waits. New sends are refused from a standing delay of `target_ms`; the steps before from fractions of it.
    pub(crate) fn new(target_ms: u64, handshakes_per_second: u32, ticks_us: u64) -> Self {
        Self {
            target_us: target_us(target_ms),
            ends_us: ticks_us + OVERLOAD_INTERVAL_US,
            least_us: None,
            delay_us: 0,
            level: 0,
            taken: 0,
            taken_lately: 0,
            batch: 0,
            advice: Advice::default(),
            handshakes: HandshakePace::new(handshakes_per_second),
            signatures: SignatureBudget::default(),
        }
    }

    /// From now on new sends are refused from a standing delay of `target_ms`.
    pub(crate) fn change_target(&mut self, target_ms: u64) {
        self.target_us = target_us(target_ms);
    }

    /// A batch of `commands`, of which some are `sends`, is closed whose first one was left out for `delay_us`.
    pub(crate) fn dequeued(&mut self, delay_us: u64, (commands, sends): (u64, u64), ticks_us: u64) {
        self.advance(ticks_us, false);
        self.taken += commands;
        self.batch = commands;
        self.advice.taken(sends);
        let least_us = self.least_us.unwrap_or(delay_us);
        self.least_us = Some(least_us.min(delay_us));
    }

    /// Concludes the intervals that are over. `is_empty`: nothing waits, so that no batch means no delay.
    pub(crate) fn advance(&mut self, ticks_us: u64, is_empty: bool) {
        for _ in 0..OVERLOAD_INTERVALS_AT_ONCE {
            if ticks_us < self.ends_us {
                return;
            }
            self.conclude(is_empty);
            self.ends_us += OVERLOAD_INTERVAL_US;
        }
        self.ends_us = self.ends_us.max(ticks_us);
    }

    fn conclude(&mut self, is_empty: bool) {
        match self.least_us.take() {
            Some(delay_us) => self.follow(delay_us),
            None if is_empty => self.follow(0),
            // The lane is at work on one batch for longer than an interval: nothing new is known.
            None => {}
        }
        let taken = core::mem::take(&mut self.taken);
        let smoothed = (3 * self.taken_lately + taken) / 4;
        self.taken_lately = smoothed.max(taken);
        self.advice.conclude();
        self.handshakes.conclude(self.delay_us > self.target_us / 2);
    }

    fn follow(&mut self, delay_us: u64) {
        self.delay_us = delay_us;
        let steps = u64::from(STEPS_BY_LEVEL);
        let asked = (delay_us.min(self.target_us) * steps / self.target_us) as u8;
        let is_below = delay_us < self.target_us * u64::from(self.level) / steps / 2;
        if asked > self.level {
            self.level = asked;
        } else if is_below {
            self.level -= 1;
        }
    }

    /// When `advance` is due, in ticks (microseconds); `None` while nothing is shed.
    pub(crate) fn deadline_us(&self) -> Option<u64> {
        (self.level > 0).then_some(self.ends_us)
    }

    /// How many steps are shed, the first ones of `Step::ALL`.
    pub(crate) fn level(&self) -> u8 {
        self.level
    }

    /// Whether a step is shed for delay.
    pub(crate) fn sheds(&self, step: Step) -> bool {
        (step as u8) < self.level
    }

    /// Whether a send is refused where `waiting` commands are before it. At the rate at which they left the queue lately, it would be left
    /// out for longer than the target; up to there it is taken, so that the lane never lacks work.
    pub(crate) fn refuses_send(&self, waiting: u64) -> bool {
        self.sheds(Step::NewSends) && waiting > self.batch + self.taken_in_target()
    }

    /// A send is refused because an earlier one was: what to wait, in milliseconds. It costs as much as the first, so it counts while new
    /// sends are shed.
    pub(crate) fn refused_again(&mut self) -> u64 {
        if self.sheds(Step::NewSends) {
            self.advice.refused()
        } else {
            0
        }
    }

    fn taken_in_target(&self) -> u64 {
        self.taken_lately * self.target_us / OVERLOAD_INTERVAL_US
    }

    /// The least delay of the latest interval, in microseconds.
    pub(crate) fn delay_us(&self) -> u64 {
        self.delay_us
    }
}

/// The target in microseconds: at least one a step, so that each step has its fraction.
fn target_us(target_ms: u64) -> u64 {
    (target_ms * 1_000).max(u64::from(STEPS_BY_LEVEL))
}
