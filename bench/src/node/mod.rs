//! The node under measurement: which program it is, starting and ending it, and what it takes of the machine.

mod binary;
mod certificate;
mod commit;
mod handle;
mod http;
mod machine;
mod metrics;
mod options;
mod process;
mod reading;
mod sampler;
mod scratch;
mod start_error;
mod started;

pub use binary::{FindBinaryError, NodeBinary};
pub use certificate::NODE_DOMAIN;
#[cfg(test)]
pub(crate) use certificate::write_certificate;
pub use commit::Commit;
pub use handle::{NodeHandle, SignalError, TlsDoor, TlsMode};
pub use http::{AskError, get};
pub use machine::{Machine, ReadMachineError};
pub use metrics::{Buckets, Metrics};
pub use options::{CoreList, NodeOptions, NotACoreList};
pub use process::{ProcessReading, ReadProcessError, cpu as process_cpu};
pub use reading::{NodeUse, ReadNodeError, Reading};
pub use sampler::{Sample, Sampler, Samples};
pub use start_error::StartNodeError;
pub use started::{StartedNode, StopNodeError};
