//! What the node knows of its store's state: written by whoever watches the store, read by cores and HTTP.
//!
//! Invariant: the count of changes rises with every change, so a reader that has seen the count has seen the state.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Whether a store can take messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreState {
    /// It is not yet known to.
    Starting,
    /// It can.
    Ready,
    /// It cannot, for this reason; it goes on trying.
    #[allow(dead_code, reason = "only a store on other machines can be away")]
    Unavailable(String),
    /// It never will again, for this reason: the node stops.
    Failed(String),
}

impl StoreState {
    /// Names of all states, as metrics have them.
    pub const NAMES: [&str; 4] = ["starting", "ready", "unavailable", "failed"];

    /// Its name.
    pub fn name(&self) -> &'static str {
        let index = match self {
            Self::Starting => 0,
            Self::Ready => 1,
            Self::Unavailable(_) => 2,
            Self::Failed(_) => 3,
        };
        Self::NAMES[index]
    }

    /// Why it takes no messages; `None` when it does.
    pub fn not_ready(&self) -> Option<String> {
        match self {
            Self::Starting => Some("the store is starting".to_owned()),
            Self::Ready => None,
            Self::Unavailable(reason) => Some(format!("the store is unavailable: {reason}")),
            Self::Failed(reason) => Some(format!("the store has failed: {reason}")),
        }
    }
}

/// The state as last seen.
pub struct StoreHealth {
    state: Mutex<StoreState>,
    changes: AtomicU64,
}

impl StoreHealth {
    /// Nothing has been seen yet.
    pub fn new() -> Self {
        Self {
            state: Mutex::new(StoreState::Starting),
            changes: AtomicU64::new(1),
        }
    }

    /// The state.
    pub fn state(&self) -> StoreState {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How often it has changed; 1 is the first state.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Takes a state in. The one before, if it is another.
    pub fn set(&self, state: StoreState) -> Option<StoreState> {
        let mut known = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == state {
            return None;
        }
        let before = std::mem::replace(&mut *known, state);
        self.changes.fetch_add(1, Ordering::Release);
        Some(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_state_is_a_change() {
        let health = StoreHealth::new();
        assert_eq!(health.changes(), 1);
        assert_eq!(health.set(StoreState::Starting), None);
        assert_eq!(health.set(StoreState::Ready), Some(StoreState::Starting));
        let away = StoreState::Unavailable("away".to_owned());
        assert_eq!(health.set(away.clone()), Some(StoreState::Ready));
        assert_eq!(health.set(away.clone()), None);
        assert_eq!((health.changes(), health.state()), (3, away));
    }

    #[test]
    fn every_state_but_ready_has_a_reason() {
        let states = [
            StoreState::Starting,
            StoreState::Ready,
            StoreState::Unavailable("a".to_owned()),
            StoreState::Failed("b".to_owned()),
        ];
        let names = states.each_ref().map(StoreState::name);
        assert_eq!(names, StoreState::NAMES);
        let ready = states.iter().filter(|state| state.not_ready().is_none());
        assert_eq!(ready.count(), 1);
    }
}
