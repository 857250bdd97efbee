//! What workers tell each other: plain values and at most one frame each, with a tested encoding.

mod codec;
mod group;
mod letter;
mod shard_set;

pub use codec::MailError;
pub use group::Group;
pub use letter::{DeviceAck, Mail, Recipient, Refusal, SendAnswer, SendResult};
pub use shard_set::ShardSet;
