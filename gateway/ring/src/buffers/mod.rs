//! Memory that the kernel reads and writes: the shared receive buffers and the pooled send buffers.

mod receive;
mod send;

pub(crate) use receive::{GROUP as RECEIVE_GROUP, ReceiveBuffers};
pub(crate) use send::{SendBuffer, SendPool};
