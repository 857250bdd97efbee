//! `fsck`: checks every invariant of a store's rows, and tells what is broken, for people or as JSON.

mod run;
mod text;

pub use run::run;
