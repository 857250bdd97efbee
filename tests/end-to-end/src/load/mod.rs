//! Load from many real clients, each with an application that keeps what reaches it, and the log that it leaves.

mod application;
mod device_log;
mod fleet;
mod orders;
mod plan;
mod task;

pub use application::Application;
pub use device_log::{DeviceLog, Kept, Stored};
pub(crate) use device_log::{number_in, payload};
pub use fleet::{Fleet, Totals};
pub use orders::{Orders, Progress};
pub use plan::{LoadPlan, Part, Sends};
