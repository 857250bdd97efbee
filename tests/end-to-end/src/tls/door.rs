//! The door with TLS of a node in a place: a certificate of its own, at an address that outlasts restarts, and who trusts it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{CertificatePair, Trust, Version};
use crate::{NodeOptions, Place};

/// A door with TLS.
#[derive(Clone, Debug)]
pub struct TlsDoor {
    address: SocketAddr,
    folder: PathBuf,
    trust: Trust,
}

impl TlsDoor {
    /// Makes a certificate for the node of a place.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub fn of(place: &Place) -> io::Result<Self> {
        let pair = CertificatePair::new().map_err(io::Error::other)?;
        pair.write(place.folder())?;
        Ok(Self {
            address: place.tls(),
            folder: place.folder().to_owned(),
            trust: Trust::new(&pair, Version::Tls13)?,
        })
    }

    /// Has a node open it.
    pub fn open(&self, options: &mut NodeOptions) {
        CertificatePair::show_at(options, &self.folder, self.address);
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that trusts its certificate.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The file of its certificate, for clients that trust nobody else.
    pub fn certificate(&self) -> PathBuf {
        CertificatePair::certificate_in(&self.folder)
    }
}
