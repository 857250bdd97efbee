//! What must hold of the logs that all devices left: nothing lost, nothing twice, every chat dense and in order.

mod chat;
mod findings;

pub use chat::check_chat;
pub use findings::{Findings, Wrong, check};
