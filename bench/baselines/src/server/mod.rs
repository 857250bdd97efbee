//! The servers: each echoes whole frames on one thread, all frames of one read in one write.

mod epoll;
mod kind;
mod on_glommio;
mod on_monoio;
mod on_tokio;
mod ring;
mod serve;
mod single;

pub use kind::Kind;
pub(crate) use serve::{ServeError, serve};
