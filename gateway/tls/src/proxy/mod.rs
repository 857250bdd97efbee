//! The PROXY protocol, version 2: a balancer tells in the first bytes of a connection for whom it connects.
//! Specification: HAProxy's `proxy-protocol.txt`, section 2.2.

mod header;
mod networks;

pub use header::{HEADER_BYTES_MAX, ProxyError, ProxyHeader, parse};
pub use networks::{Network, NetworkError, Networks};
