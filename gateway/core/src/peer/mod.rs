//! What the addresses of peers have done lately, and what each may do: connect, hold connections, fail to sign in.

mod entry;
mod key;
mod limits;
mod peers;
mod table;

pub use key::PeerKey;
pub use limits::{PeerLimit, PeerLimits, PeerRefusals};
pub use peers::Peers;
