//! Configuration that changes while the node runs: read anew on `SIGHUP` or an admin call, and taken by each part that can.

mod limits;
mod reloadable;
mod reloader;
mod report;
mod source;

pub use limits::LiveLimits;
pub use reloadable::Reloadable;
pub use reloader::Reloader;
pub use report::ReloadReport;
pub use source::Source;
