//! What workers tell each other: plain values and at most one frame each, with a tested encoding.

#[cfg(test)]
mod codec_tests;
mod decode;
mod encode;
mod group;
mod letter;
mod reader;
mod shard_set;

pub use group::Group;
pub use letter::{DeviceAck, Mail, Recipient, Refusal, SendAnswer, SendResult};
pub use reader::MailError;
pub use shard_set::ShardSet;
