//! All trials by name, with what each is by default.

use super::clock::try_clock;
use super::damage::try_damage;
use super::disk::{try_disk_failing, try_disk_slow};
use super::disk_full::try_disk_full;
use super::error::TrialError;
use super::limits::try_limits;
use super::network::try_network;
use super::plan::TrialPlan;
use super::report::TrialReport;
use super::stop::try_stop;
use super::terminate::try_terminate;

/// One kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// Its name as a command.
    pub name: &'static str,
    /// Rounds by default.
    pub rounds: u32,
    /// Makes it.
    pub run: fn(&TrialPlan) -> Result<TrialReport, TrialError>,
    /// Whether it needs namespaces of its own for mounts and networks.
    pub needs_namespaces: bool,
}

const fn plain(name: &'static str, rounds: u32, run: Run) -> Trial {
    Trial {
        name,
        rounds,
        run,
        needs_namespaces: false,
    }
}

type Run = fn(&TrialPlan) -> Result<TrialReport, TrialError>;

/// All of them.
pub const TRIALS: [Trial; 9] = [
    plain("terminate", 20, try_terminate),
    plain("stop", 3, try_stop),
    Trial {
        needs_namespaces: true,
        ..plain("disk-full", 10, try_disk_full)
    },
    plain("disk-slow", 5, try_disk_slow),
    plain("disk-failing", 16, try_disk_failing),
    plain("damage", 200, try_damage),
    plain("clock", 12, try_clock),
    plain("limits", 8, try_limits),
    Trial {
        needs_namespaces: true,
        ..plain("network", 7, try_network)
    },
];
