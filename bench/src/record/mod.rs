//! What a run writes down: histograms by stage and second, a row of counts a second, errors by kind, and the run's file.
//!
//! Everything here is raw data; summaries are derived from it elsewhere and are never an input.

mod errors;
mod hgrm;
mod interval_log;
mod recorder;
mod run_file;
mod series;
mod stage;

pub use errors::{ErrorCount, Errors};
pub use hgrm::{VALUES_PER_MILLISECOND, percentile_distribution};
pub use interval_log::IntervalLog;
pub use recorder::{RecordError, Recorder};
pub use run_file::{Circumstances, GeneratorUse, RUN_FORMAT, RunFile, ServerTotals, TableRow};
pub use series::{Row, SERIES_HEADER};
pub use stage::Stage;
