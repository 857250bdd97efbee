//! Benchmarks of frames alone: building, verifying, and finding them in a stream.

mod decoding;
mod encoding;
mod samples;
mod splitting;

pub(crate) use decoding::{view_ack, view_deliver, view_send, view_sent, view_table};
pub(crate) use encoding::{encode_ack, encode_deliver, encode_send, encode_sent};
pub(crate) use samples::PAYLOAD_BYTES;
pub(crate) use splitting::splitter;
