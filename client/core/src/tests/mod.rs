//! Tests of the whole machine: rule by rule with a server driven by hand, and random runs against a small model of one.

mod model;
mod model_runs;
mod receiving;
mod renumbering;
mod rig;
mod sending;
mod sessions;
mod set_back;
