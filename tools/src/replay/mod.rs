//! `replay`: real conversations through a node, two clients each, and a comparison of what arrived with what was sent.

mod conversation;
mod corpus;
mod log;
mod run;
mod side;
mod verdict;

pub use run::run;
