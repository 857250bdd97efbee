//! Shows that the rounds can fail: with a planted defect they end with the finding that it must cause, without one with none.

mod build;
mod case;
mod verdict;

pub use case::{CASES, PlantedCase, PlantedError, PlantedReport, run_case};
pub use verdict::{Expected, Verdict};
