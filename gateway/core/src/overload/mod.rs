//! What a home gives up under load, and how it measures that: by how long commands wait beyond the batch they came for.

mod advice;
mod control;
#[cfg(test)]
mod control_tests;
mod handshake_pace;
mod signature_budget;
mod step;

pub(crate) use control::Control;
pub(crate) use handshake_pace::HandshakePace;
pub(crate) use signature_budget::Use;
pub use step::{STEPS_BY_LEVEL, Step};
