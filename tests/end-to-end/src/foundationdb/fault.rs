//! What happens to the database's server while messages are under way.

use std::time::{Duration, Instant};

use super::database::Database;
use crate::NodeError;
use crate::load::Fleet;

/// Of each beat of a slow server, the part in which it stands still, and the part in which it runs.
const SLOW_BEAT: (Duration, Duration) = (Duration::from_millis(90), Duration::from_millis(10));

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `SIGKILL`, and a new start after the time.
    Killed,
    /// Stands still for the time, then goes on.
    Stopped,
    /// Ends as told and is started again at once.
    Restarted,
    /// Stands still for nine tenths of each tenth of a second.
    Slow,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Killed, Self::Stopped, Self::Restarted, Self::Slow];

    /// Whether the node must find its store unavailable.
    pub fn is_absence(self) -> bool {
        matches!(self, Self::Killed | Self::Stopped)
    }

    /// Begins it. With `Slow`, that is all of its time.
    pub(super) fn begin(
        self,
        server: &mut Database,
        fleet: &Fleet,
        time: Duration,
    ) -> Result<(), NodeError> {
        match self {
            Self::Killed => server.kill(),
            Self::Stopped => server.signal("STOP"),
            Self::Restarted => server.stop(),
            Self::Slow => slow_down(server, fleet, time),
        }
    }

    /// Ends it: the server runs again when this returns.
    pub(super) fn end(self, server: &mut Database) -> Result<(), NodeError> {
        match self {
            Self::Killed | Self::Restarted => server.start(),
            Self::Stopped | Self::Slow => server.signal("CONT"),
        }
    }
}

fn slow_down(server: &Database, fleet: &Fleet, time: Duration) -> Result<(), NodeError> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        server.signal("STOP")?;
        fleet.rest(SLOW_BEAT.0);
        server.signal("CONT")?;
        fleet.rest(SLOW_BEAT.1);
    }
    Ok(())
}
