//! The reactor against real sockets on 127.0.0.1: what users of the crate may rely on. No test depends on timing;
//! times only bound how long a failure hangs.

mod bounds;
mod closing;
mod echo;
mod idle;
mod loopback;
mod rings;
mod waking;
