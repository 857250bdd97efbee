//! The wire crate's own test of its golden frames: builds the bytes of a decoded frame again, and reads the frames' dumps.

#[path = "../../../wire/tests/protocol/encode.rs"]
pub(crate) mod encode;
#[allow(dead_code, reason = "dumps are read here, not written")]
#[path = "../../../wire/tests/protocol/hex.rs"]
pub(crate) mod hex;
