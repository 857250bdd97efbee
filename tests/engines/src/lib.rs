//! The storage engines behind one trait, so that one suite of behaviour runs on each of them.

mod embedded_engine;
mod engine;
mod lane_engine;
mod map_engine;
pub mod people;

pub use embedded_engine::EmbeddedEngine;
pub use engine::Engine;
pub use lane_engine::LaneEngine;
pub use map_engine::MapEngine;
