//! `Stage`: the stretches of time that are measured.

use serde::{Deserialize, Serialize};

/// A stretch of time that a run measures; each has its own histograms, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// From the begin of a connect to `Welcome`.
    Connect,
    /// From the moment that the schedule names (closed loop: the moment of sending) to `Sent`.
    SendToSent,
    /// From the moment that the schedule names to the arrival of `Deliver` at a recipient's device.
    SendToDeliver,
    /// Under overload: from the last transmission of a send, the one that was taken, to `Sent`.
    TakenToSent,
    /// From the begin of a reconnect, or from the cut, until the device has all that was pending.
    ResumeToCaughtUp,
    /// How much later than planned the generator itself did what the schedule names.
    Lag,
}

impl Stage {
    /// All stages, in the order of a message's way.
    pub const ALL: [Self; 6] = [
        Self::Connect,
        Self::SendToSent,
        Self::SendToDeliver,
        Self::TakenToSent,
        Self::ResumeToCaughtUp,
        Self::Lag,
    ];

    /// The name in file names and summaries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::SendToSent => "send-to-sent",
            Self::SendToDeliver => "send-to-deliver",
            Self::TakenToSent => "taken-to-sent",
            Self::ResumeToCaughtUp => "resume-to-caught-up",
            Self::Lag => "lag",
        }
    }
}
