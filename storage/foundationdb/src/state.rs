//! What others see of a store: whether it works, why not, and that it shall stop.

use std::sync::{Mutex, PoisonError};

/// Whether a store works. It comes back by itself from everything but `Failed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreState {
    /// It has not reached the cluster yet.
    Starting,
    /// It commits.
    Ready,
    /// It cannot commit now and answers `Unavailable`.
    Unavailable {
        /// Why, for the operator.
        reason: String,
    },
    /// It stopped for good and answers `Unavailable`: a person must look.
    Failed {
        /// Why, for the operator.
        reason: String,
    },
}

/// The state, as the lanes make it together: failed if one is, else unavailable if one is, else starting if one is.
#[derive(Debug)]
pub struct Status {
    lanes: Mutex<Vec<StoreState>>,
}

impl Status {
    /// Of a store with `lanes` lanes.
    pub fn new(lanes: usize) -> Self {
        Self {
            lanes: Mutex::new(vec![StoreState::Starting; lanes.max(1)]),
        }
    }

    /// The state of all.
    pub fn state(&self) -> StoreState {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let worst = lanes.iter().max_by_key(|state| rank(state));
        worst.cloned().unwrap_or(StoreState::Starting)
    }

    /// One lane's state. `Failed` stays.
    pub fn set(&self, lane: usize, state: StoreState) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = lanes.get_mut(lane)
            && rank(slot)
                < rank(&StoreState::Failed {
                    reason: String::new(),
                })
        {
            *slot = state;
        }
    }

    /// The state of all lanes at once.
    pub fn set_all(&self, state: &StoreState) {
        let lanes = self
            .lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        (0..lanes).for_each(|lane| self.set(lane, state.clone()));
    }
}

fn rank(state: &StoreState) -> u8 {
    match state {
        StoreState::Ready => 0,
        StoreState::Starting => 1,
        StoreState::Unavailable { .. } => 2,
        StoreState::Failed { .. } => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable() -> StoreState {
        StoreState::Unavailable {
            reason: "gone".to_owned(),
        }
    }

    #[test]
    fn the_worst_lane_tells_and_all_can_come_back() {
        let status = Status::new(2);
        assert_eq!(status.state(), StoreState::Starting);
        status.set(0, StoreState::Ready);
        assert_eq!(status.state(), StoreState::Starting);
        status.set(1, unavailable());
        assert_eq!(status.state(), unavailable());
        status.set_all(&StoreState::Ready);
        assert_eq!(status.state(), StoreState::Ready);
    }

    #[test]
    fn a_failure_stays() {
        let status = Status::new(1);
        let failed = StoreState::Failed {
            reason: "superseded".to_owned(),
        };
        status.set(0, failed.clone());
        status.set_all(&StoreState::Ready);
        assert_eq!(status.state(), failed);
    }
}
