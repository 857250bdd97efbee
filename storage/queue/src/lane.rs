//! Both ends of a lane: the gateway core hands batches over and takes outcomes, the store the other way about.
//!
//! Invariant: there is a place for the outcomes of every batch under way, so an answer never waits.

use std::sync::Arc;

use ringpost_storage_core::{Command, Outcome};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::Bell;

/// Batches that one lane may have under way.
pub const LANE_BATCHES_MAX: usize = 8;

/// The gateway core's end.
pub struct LaneHandle {
    requests: Producer<Vec<Command>>,
    answers: Consumer<Vec<Outcome>>,
    under_way: usize,
    bell: Arc<Bell>,
}

impl LaneHandle {
    /// Hands over a batch. Its outcomes come from [`Self::poll`], in the order of the batches, one a command.
    ///
    /// # Errors
    /// The batch itself, when `LANE_BATCHES_MAX` are under way or the store has ended.
    pub fn submit(&mut self, commands: Vec<Command>) -> Result<(), Vec<Command>> {
        if self.under_way == LANE_BATCHES_MAX || self.requests.is_abandoned() {
            return Err(commands);
        }
        self.requests
            .push(commands)
            .map_err(|rtrb::PushError::Full(commands)| commands)?;
        self.under_way += 1;
        self.bell.ring();
        Ok(())
    }

    /// The outcomes of the oldest batch under way, when it is durable.
    pub fn poll(&mut self) -> Option<Vec<Outcome>> {
        let outcomes = self.answers.pop().ok()?;
        self.under_way -= 1;
        Some(outcomes)
    }

    /// Batches under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }
}

impl std::fmt::Debug for LaneHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneHandle")
            .field("under_way", &self.under_way)
            .finish_non_exhaustive()
    }
}

/// The store's end.
pub struct LaneDesk {
    requests: Consumer<Vec<Command>>,
    answers: Producer<Vec<Outcome>>,
    wake: Box<dyn Fn() + Send>,
}

impl LaneDesk {
    /// The next batch.
    pub fn take(&mut self) -> Option<Vec<Command>> {
        self.requests.pop().ok()
    }

    /// No batch waits.
    pub fn is_idle(&self) -> bool {
        self.requests.is_empty()
    }

    /// Hands back the outcomes of the oldest batch taken. Panics for more answers than batches.
    pub fn answer(&mut self, outcomes: Vec<Outcome>) {
        let pushed = self.answers.push(outcomes);
        assert!(pushed.is_ok(), "a place is kept for every batch under way");
        (self.wake)();
    }
}

impl std::fmt::Debug for LaneDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneDesk").finish_non_exhaustive()
    }
}

/// Both ends of a lane. `wake` is called by the store's thread after each answer: it must not block.
pub fn lane(bell: Arc<Bell>, wake: impl Fn() + Send + 'static) -> (LaneHandle, LaneDesk) {
    let (requests, taken) = RingBuffer::new(LANE_BATCHES_MAX);
    let (given, answers) = RingBuffer::new(LANE_BATCHES_MAX);
    let handle = LaneHandle {
        requests,
        answers,
        under_way: 0,
        bell,
    };
    let desk = LaneDesk {
        requests: taken,
        answers: given,
        wake: Box::new(wake),
    };
    (handle, desk)
}
