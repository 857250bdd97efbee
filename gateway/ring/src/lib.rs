//! The io_uring reactor of one core thread: sockets in, events out.
//!
//! One `Reactor` owns the rings of a thread (one, and more where the file table of one is full), their tables of direct
//! descriptors, the receive buffers and the send buffers.
//! It accepts and connects, so servers and load generators share it. All hand-written `unsafe` of the project is here;
//! invariant: memory named in a submission outlives that submission's last completion.

mod accept;
mod address;
mod buffers;
mod clock_status;
mod close;
mod config;
mod connect;
mod connection;
mod counters;
mod driver;
mod event;
mod idle;
mod limits;
mod open_files;
mod operation;
mod probe;
mod reactor;
mod receive;
mod ring;
mod rings;
mod send;
mod slab;
mod sockets;
mod waker;

pub use accept::Listen;
pub use clock_status::is_clock_synchronised;
pub use close::Close;
pub use config::{ReactorConfig, StartError};
pub use connect::ConnectError;
pub use connection::Connection;
pub use counters::Counters;
pub use event::{CloseReason, Event};
pub use open_files::raise_open_files;
pub use probe::{KernelSupport, ProbeError, probe};
pub use reactor::Reactor;
pub use send::WriteError;
pub use sockets::Sockets;
pub use waker::Waker;
