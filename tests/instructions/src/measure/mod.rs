//! Instructions and allocations of a lap, counted by callgrind: the region that it counts, its runs, its profiles.

mod cost;
mod lap;
mod profile;
mod valgrind;

pub use cost::Cost;
pub use lap::run_counted;
pub use profile::{Profile, ProfileError};
pub use valgrind::{MeasureError, measure};
