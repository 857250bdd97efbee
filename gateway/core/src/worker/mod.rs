//! The worker of one core: its five verbs, and the part of each role in them.

mod summary;
mod verbs;

pub use summary::Summary;
pub use verbs::Worker;
