//! The state of a worker in numbers, for metrics and for the decision that a stop is complete.

/// What a worker holds right now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sessions that are not yet authenticated.
    pub sessions_opening: usize,
    /// Sessions that are open.
    pub sessions_live: usize,
    /// Those of them that are behind.
    pub sessions_behind: usize,
    /// Frames that have not arrived whole.
    pub partial_frames: usize,
    /// Addresses of peers that are remembered.
    pub peers: usize,
    /// Addresses that were forgotten for want of room, since the start.
    pub peers_forgotten: u64,
    /// Devices with a session in this home's directory.
    pub devices: usize,
    /// Attaches in progress.
    pub attaches: usize,
    /// Commands that wait for the lane.
    pub waiting_commands: usize,
    /// Commands that the lane has and has not answered.
    pub submitted_commands: usize,
    /// Mails that wait for other cores.
    pub mails_waiting: usize,
    /// Requests to other cores that are not answered.
    pub requests_unanswered: usize,
    /// Steps that are shed for load, the first ones of `Step::ALL`.
    pub load_level: u8,
    /// Least time by which commands missed a batch, in the latest stretch of time, in microseconds.
    pub queue_delay_us: u64,
    /// `Input::Drain` was given.
    pub draining: bool,
}

impl Summary {
    /// Nothing is left to do after a drain.
    pub fn is_drained(&self) -> bool {
        self.draining
            && self.sessions_opening + self.sessions_live == 0
            && self.attaches + self.waiting_commands + self.submitted_commands == 0
            && self.mails_waiting + self.requests_unanswered == 0
    }
}
