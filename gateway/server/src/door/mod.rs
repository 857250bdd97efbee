//! What stands between a core's sockets and its worker: the PROXY protocol for connections of balancers, TLS on the door that asks
//! for it, nothing else.

mod addresses;
mod certificates;
mod connections;
mod counters;
mod deadlines;
mod doors;
mod endings;
mod handshakes;
mod limits;
mod link;
mod plan;
mod preambles;
mod wire;

pub use addresses::Addresses;
pub use certificates::{CertificateError, Certificates};
pub use connections::connection_of;
pub use counters::{DoorCounters, Ended};
pub use doors::{Doors, Turn};
pub use plan::DoorPlan;
