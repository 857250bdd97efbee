//! A gateway core's way to the committer: bounded queues of batches there and of outcomes back.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use ringpost_storage_core::{Command, Outcome};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::limits::LANE_BATCHES_MAX;

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

/// The committer's end.
pub(crate) struct LaneDesk {
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

    /// Hands back the outcomes of the oldest batch taken.
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

/// Both ends of a lane. `wake` is called by the committer's thread after each answer.
pub(crate) fn lane(bell: Arc<Bell>, wake: impl Fn() + Send + 'static) -> (LaneHandle, LaneDesk) {
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

/// Wakes the committer when it sleeps, and costs little when it does not.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    is_asleep: AtomicBool,
    sleeper: OnceLock<Thread>,
}

impl Bell {
    /// Says that there is something to do. What there is must be written before.
    pub fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.is_asleep.load(Ordering::Relaxed)
            && self.is_asleep.swap(false, Ordering::AcqRel)
            && let Some(thread) = self.sleeper.get()
        {
            thread.unpark();
        }
    }

    /// Makes this thread the one that sleeps.
    pub fn attend(&self) {
        let is_first = self.sleeper.set(std::thread::current()).is_ok();
        assert!(is_first, "one committer a store");
    }

    /// Sleeps until rung, or until the time is over; not at all if `is_idle` says that something came in between.
    pub fn sleep(&self, timeout: std::time::Duration, is_idle: impl FnOnce() -> bool) {
        self.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if is_idle() {
            std::thread::park_timeout(timeout);
        }
        self.is_asleep.store(false, Ordering::Relaxed);
    }
}
