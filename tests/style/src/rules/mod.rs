//! The rules on sources, one idea a file. Each takes a `Source` and returns its offences.

pub mod functions;
pub mod pure_code;
pub mod shape;
pub mod testing;
pub mod unsafety;
pub mod words;
