//! Recorded runs read back: raw data in, summaries and the index out, and the check that they are what the raw data give.
//!
//! `ROOT/runs/FOLDER/` holds a run; `docs/results.md` describes each file. Nothing derived is ever an input.

mod check;
mod command;
mod difference;
mod fault;
mod index;
mod interval_log;
mod name;
mod run;
mod run_file;
mod series;
mod summary;
mod transactions;

pub use check::{CheckError, Checked, check};
pub use fault::{Fault, Why};
pub use index::{Index, IndexEntry, write_index};
pub use interval_log::{Interval, StageLog};
pub use name::folder_name;
pub use run::{Run, run_folders};
pub use summary::{
    Backlog, GeneratorFigures, Latency, Rate, SUMMARY_FORMAT, ServerFigures, Summary, Syncs, Wire,
    per_second, write_summary,
};
pub use transactions::Transactions;
