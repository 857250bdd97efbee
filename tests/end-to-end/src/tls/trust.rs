//! Whom a client of TLS trusts, and which version it speaks.

use std::io;
use std::sync::Arc;

use ringpost_wire::ALPN_NAME;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::CertificatePair;
use super::pair::SERVER_NAME;
use super::stream::Stream;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

/// A client that trusts one certificate. Clones share their tickets.
#[derive(Clone, Debug)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Trusts a pair's certificate.
    ///
    /// # Errors
    /// It is none.
    pub fn new(pair: &CertificatePair, version: Version) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes())
            .map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
        let version = match version {
            Version::Tls12 => &TLS12,
            Version::Tls13 => &TLS13,
        };
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![ALPN_NAME.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// A connection to the server, without a socket.
    ///
    /// # Errors
    /// rustls refuses.
    pub(crate) fn connection(&self) -> io::Result<ClientConnection> {
        let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
        let mut connection =
            ClientConnection::new(self.0.clone(), name).map_err(io::Error::other)?;
        connection.set_buffer_limit(None);
        Ok(connection)
    }

    /// The first words of a handshake, the same whatever the server answers.
    ///
    /// # Errors
    /// rustls refuses.
    pub(crate) fn hello(&self) -> io::Result<Vec<u8>> {
        let mut hello = Vec::new();
        self.connection()?.write_tls(&mut hello)?;
        Ok(hello)
    }

    /// Makes the handshake on a connection.
    ///
    /// # Errors
    /// It fails.
    pub(crate) fn open(&self, stream: Stream) -> io::Result<Stream> {
        let mut connection = self.connection()?;
        let mut socket = stream.into_socket();
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(Stream::Tls(Box::new(StreamOwned::new(connection, socket))))
    }
}
