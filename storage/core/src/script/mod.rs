//! The scripts, one file a command: what it reads, decides and writes. Pure and synchronous.

mod dispatch;

pub(crate) use dispatch::{decide, reads};
