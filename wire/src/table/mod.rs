//! The table frames as plain structs: `encode` appends a whole frame, `decode` verifies a whole one.
//!
//! The generated code stays inside this folder; lengths and ranges are checked here, once, for both directions.

mod chat;
mod codec;
mod outcome;
mod page;
mod pending;
mod session;
mod signal;

pub use chat::{Behind, ChatOpened, MarkRead, OpenChat};
pub use outcome::{Failure, Refused};
pub use page::{EmptyRange, EmptyReason, Page, ReadPage};
pub use pending::{ListPending, PendingChat, PendingList};
pub use session::{GoAway, Hello, Ping, Pong, Reauthenticate, Welcome};
pub use signal::Signal;
