//! Sending: taking messages in, sending them with dense numbers, and following the answers.

mod accepting;
mod answers;
mod lanes;
mod looking;
mod probing;
mod sending;

pub(crate) use lanes::Lanes;
