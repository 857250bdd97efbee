//! What the threads of a store tell each other and everyone else: whether it runs, and that it shall stop.

use std::sync::OnceLock;

/// Whether a store works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It commits.
    Running,
    /// It stopped for good and answers `Unavailable`: why.
    Failed(String),
}

/// How to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StopRequest {
    /// Flush everything before, so that the next start has nothing to replay.
    pub flush: bool,
}

/// Shared by the threads.
#[derive(Debug, Default)]
pub(crate) struct Status {
    failure: OnceLock<String>,
    stop: OnceLock<StopRequest>,
}

impl Status {
    /// The state.
    pub fn state(&self) -> State {
        match self.failure.get() {
            None => State::Running,
            Some(reason) => State::Failed(reason.clone()),
        }
    }

    /// The store has failed. The first reason stays.
    pub fn fail(&self, reason: String) {
        self.failure.get_or_init(|| reason);
    }

    /// The store shall stop. The first request counts.
    pub fn stop(&self, request: StopRequest) {
        self.stop.get_or_init(|| request);
    }

    /// How to stop, if it shall.
    pub fn stop_request(&self) -> Option<StopRequest> {
        self.stop.get().copied()
    }
}
