//! The addresses of the doors that every core listens on.

use std::net::SocketAddr;

/// Where clients connect. Port 0 is any free one, until it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The plain door.
    pub native: SocketAddr,
    /// The door with TLS, if there is a certificate.
    pub tls: Option<SocketAddr>,
}

impl Addresses {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = SocketAddr> + use<> {
        [Some(self.native), self.tls].into_iter().flatten()
    }
}
