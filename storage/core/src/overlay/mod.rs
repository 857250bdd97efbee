//! The overlay of a batch: reads of a snapshot, merged with what the batch has written so far.

mod halt;
mod layer;
mod merge;
#[cfg(test)]
mod tests;

pub use halt::{DamagedRow, Halt};
pub(crate) use layer::Overlay;
