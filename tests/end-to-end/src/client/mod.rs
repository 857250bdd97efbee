//! SDK clients with a database, each a process of its own, killed under load, cut as by a power loss, or set back to a copy.

mod child;
mod line;
mod plan;
mod process;
mod record;
mod report;
mod run;

pub use child::{ChildOptions, run_child};
pub use plan::{ClientEnding, ClientPlan};
pub use report::ClientReport;
pub use run::{ClientRoundsError, run_client_rounds};
