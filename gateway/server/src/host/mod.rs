//! What the host gives the node: facts are read, then judged against what the configuration asks for.

mod demand;
mod facts;
mod finding;
mod judge;
mod read;

pub use demand::{Demand, SPARE_SLOTS};
pub use finding::{Finding, Weight};
pub use judge::judge;
pub use read::read;
