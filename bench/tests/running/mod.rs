//! What tests need to run a scenario.

mod node_and_run;

pub use node_and_run::{node, run_on, scenario};
