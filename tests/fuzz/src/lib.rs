//! Fuzz targets: what must hold for any bytes that reach a decoder, a log, or a state machine.
//!
//! A target is a function of bytes that panics where a rule is broken. The driver beside it gives it to a coverage-guided fuzzer;
//! `tests/corpora.rs` gives it the committed corpora and changed copies of them.

mod corpus;
mod doors;
mod frames;
mod interval_log;
mod journal;
mod log;
mod machine;
mod mutate;
mod plan;
mod rebuild;
mod rows;
mod scenario;
mod scripts;
mod seeds;
mod session;
mod store;
mod target;
mod tokens;

pub use corpus::{corpus, folder};
pub use mutate::mutated;
pub use target::{TARGETS, Target, Verdict};
