//! Power loss for a program's files. A program runs with a preloaded recorder that keeps, beside its data folder, a
//! shadow of what is durable at every moment; after a kill, a cut turns the data folder into what a power loss leaves.
//!
//! Invariant: nothing is taken as durable whose sync had not returned success. See README.md for the model's bounds.

mod chance;
mod contents;
mod cut;
mod error;
mod identity;
mod live;
mod names;
mod shadow;
mod shim;

pub use cut::{CutReport, cut, cut_into, cut_to_synced};
pub use error::PowerLossError;
pub use shim::{Shim, SyncFault};
