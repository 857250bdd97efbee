//! Trials: one fault each against the real binary under load, checked by the logs of its clients.

mod clock;
mod damage;
mod damaged_file;
mod disk;
mod disk_full;
mod error;
mod limits;
mod list;
mod memory_group;
mod namespace;
mod network;
mod plan;
mod readers;
mod report;
mod shim;
mod stage;
mod stop;
mod terminate;

pub use clock::try_clock;
pub use damage::try_damage;
pub use disk::{try_disk_failing, try_disk_slow};
pub use disk_full::try_disk_full;
pub use error::TrialError;
pub use limits::try_limits;
pub use list::{TRIALS, Trial};
pub use namespace::{is_inside, run_inside};
pub use network::try_network;
pub use plan::TrialPlan;
pub use report::TrialReport;
pub use stop::try_stop;
pub use terminate::try_terminate;
