//! Benchmarks of the worker's steps, many clients a lap: sends, answers of the lane, acknowledgements.

mod acking;
mod answering;
mod round;
mod sending;

pub(crate) use acking::ack;
pub(crate) use answering::commit;
pub(crate) use sending::send;
