//! Schedules: what each device does when, drawn from a scenario and its seed. Pure: no clock, no I/O.

mod action;
mod arrivals;
mod curve;
mod day;
mod describe;
mod draw;
mod expected;
mod expected_day;
mod normal;
mod online;
mod payload_sizes;
mod plan;
mod population;
mod script;
mod spread;
mod unread;
pub mod world;
mod zipf;

pub use action::{Action, Planned};
pub use curve::{Curve, SLOT_S, SLOTS};
pub use describe::describe;
pub(crate) use draw::{Draw, mix};
pub use expected::{Expected, expected};
pub use expected_day::WorldView;
pub use online::Online;
pub use payload_sizes::PayloadSizes;
pub use plan::{Schedule, ScheduleError};
pub use population::Population;
pub use zipf::Zipf;
