//! `Worker`: one core's whole state and its five verbs. Inputs: what happened; outputs: effects and mails, in order.
//!
//! Invariant: the same inputs at the same times give the same effects.

use std::collections::VecDeque;

use crate::{Config, CoreId, Counters, Effect, Input, Mail, Now, ShardMap, Summary};

/// One core's sessions, and its user and chat homes.
///
/// After each `input` or `timeout` the shell takes `next_effect` until `None`, and `next_mail` for every other core while
/// that core's mailbox has room.
pub struct Worker {
    shards: ShardMap,
    counters: Counters,
    effects: VecDeque<Effect>,
}

impl Worker {
    /// A worker without sessions, whose lane is ready.
    pub fn new(config: Config, now: Now) -> Self {
        let _ = now;
        Self {
            shards: ShardMap::new(config.cores),
            counters: Counters::default(),
            effects: VecDeque::new(),
        }
    }

    /// Takes in one thing that happened.
    pub fn input(&mut self, now: Now, input: Input<'_>) {
        let _ = (now, input);
    }

    /// Does what is due at `now`. Harmless when nothing is.
    pub fn timeout(&mut self, now: Now) {
        let _ = now;
    }

    /// The next effect, in the order in which they must be performed.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The next mail for another core. To be asked only while that core's mailbox has room: what is not taken waits here,
    /// within limits. Always `None` for this worker's own core.
    pub fn next_mail(&mut self, to: CoreId) -> Option<Mail> {
        let _ = to;
        None
    }

    /// When `timeout` is due next, in ticks (microseconds of `Now::ticks_us`); `None` for never.
    pub fn next_deadline(&self) -> Option<u64> {
        None
    }

    /// The state in numbers.
    pub fn summary(&self) -> Summary {
        Summary::default()
    }

    /// What was counted since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Which core is home of what.
    pub fn shards(&self) -> &ShardMap {
        &self.shards
    }
}
