//! The report of all recorded runs: one HTML file that needs nothing else, with its plots as SVG inside.
//!
//! Made from the raw data alone; the same raw data give the same bytes. Every text of a run is escaped.

mod axis;
mod comparable;
mod cost;
mod figures;
mod page;
mod parameters;
mod percentiles;
mod plot;
mod quantity;
mod recorded;
mod run_section;
mod runs_table;
mod scenario_section;
mod text;
mod thin;
mod time_plots;
mod trend;

pub use page::{html, write};
pub use recorded::ReportError;
