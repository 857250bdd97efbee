//! What the pure crates cost: micro-benchmarks in nanoseconds, and instructions and allocations counted by callgrind and
//! held against a budget. `docs/benchmarks-micro.md` tells how to read and to change it.
//!
//! Everything here is made from fixed seeds: a lap of a benchmark runs the same instructions each time.

mod benchmark;
pub mod budget;
mod catalogue;
mod frames;
mod map_store;
pub mod measure;
mod node;
mod page;
mod pairs;
mod sequencer;
mod stopwatch;
mod trace;
mod worker;

pub use benchmark::Benchmark;
pub use catalogue::{ENTRIES, Entry, STAGES, find};
pub use stopwatch::{Timing, time};
