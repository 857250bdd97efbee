//! Scenarios: what load a run puts on a node, read from TOML files, checked, and written back as run.

mod bounds;
mod built_in;
mod check;
mod error;
mod kind;
mod read;
mod scenario_file;
mod sizes;

pub use bounds::*;
pub use error::ScenarioError;
pub use kind::{
    Day, HotChat, IdleMillion, Load, OfflineDrain, Overload, Pairs, ReconnectStorm, SlowReaders,
};
pub use scenario_file::{Arrivals, Scenario};
pub use sizes::Sizes;
