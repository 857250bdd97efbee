//! The client's session machine: outbox, order, acknowledgements, reconnecting. Pure: time, randomness and bytes are inputs.
//!
//! `Machine` takes an `Input`, tells the next `Effect` and the next deadline. `State` is what it needs durable, as `Record`s.

mod chats;
mod effect;
mod frames;
mod inbox;
mod input;
pub mod limits;
mod link;
mod machine;
mod outbox;
mod random;
mod record;
mod session;
mod state;
mod timers;

#[cfg(test)]
mod tests;

pub use effect::{ConnectionState, Effect, Ended, Incoming, NotAccepted};
pub use input::{Input, Outgoing};
pub use machine::{Machine, Options};
pub use record::{ChatSummary, DamagedRecord, OutboxEntry, Record};
pub use state::{ChatState, OutOfPlace, State};
