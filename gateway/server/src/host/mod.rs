//! What the host gives the node: facts are read, then judged against what the configuration asks for.

mod demand;
mod examine;
mod facts;
mod finding;
mod judge;
mod read;

pub use demand::SPARE_SLOTS;
pub use examine::examine;
pub use finding::{Finding, Weight};

use demand::Demand;
use judge::judge;
use read::read;
