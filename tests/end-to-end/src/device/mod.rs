//! A client device: the SDK's machine over a TCP socket, with a durable state that outlives its crashes.

mod journal;
mod line;
mod shell;

pub use journal::Journal;
pub use shell::{Device, DeviceOptions, Happening};
