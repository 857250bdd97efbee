//! The simulated devices without their sockets: who they are, what they know of their chats, how they answer frames.
//!
//! Pure: bytes and times go in, bytes come out. It follows docs/protocol.md, but keeps nothing durably.

mod chats;
mod counts;
mod deliveries;
mod device;
mod devices;
mod pull;
mod sends;
mod side;
mod world;

pub use counts::Counts;
pub use devices::{Fleet, PayloadSizes, StreamError};
pub use world::{Members, World};
