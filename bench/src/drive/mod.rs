//! Drives the fleet over real sockets: connects, turns, timers, and the course of each kind of scenario.

mod addresses;
mod clock;
mod connects;
mod course;
mod engine;
mod error;
mod links;
mod measure;
mod overload;
mod progress;
mod steps;
mod watch;

pub use engine::{Engine, EngineOptions};
pub use error::RunError;
pub use measure::{Measured, ServerUse};
