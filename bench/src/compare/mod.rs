//! A against B: runs of both in turns, and the ratio of every figure with its spread. Knows nothing of how a run is made.

mod arguments;
mod comparison;
mod figure;
mod figures;
mod file;
mod settings;
mod side;
mod statistics;
mod table;

pub use arguments::{CompareArguments, NotAnAssignment};
pub use comparison::{Comparison, Ratio, Run, Stopped, compare};
pub use figure::{Better, Figure};
pub use figures::{DeliveryLatency, Figures};
pub use file::{Origin, WriteComparisonError};
pub use settings::{Program, SideSettings};
pub use side::{Side, order};
pub use statistics::{Spread, median, spread};
pub use table::table;
