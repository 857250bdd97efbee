//! The client's side: which certificates it trusts, and the sessions it makes. Tickets are kept in memory.

use std::fmt;
use std::sync::Arc;

use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::session::Session;

/// Tickets of one server that rustls keeps at most.
const TICKETS_PER_SERVER: usize = 8;

/// Why there is no client or no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientTlsError {
    /// Nothing to trust.
    #[error("the file holds no certificate in PEM form that can be trusted")]
    NoRoots,
    /// No host name and no address.
    #[error("the server's name is neither a host name nor an address")]
    BadName,
    /// rustls refuses.
    #[error("an inner error")]
    Internal,
}

/// Makes a client's sessions. Clones share their tickets.
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// A client of TLS 1.3 and 1.2 that trusts the certificates in a PEM text, and what they sign.
    ///
    /// # Errors
    /// See `ClientTlsError`.
    pub fn new(roots: &[u8]) -> Result<Self, ClientTlsError> {
        Self::with_versions(roots, &[&TLS13, &TLS12])
    }

    /// As `new`, with TLS 1.2 only.
    ///
    /// # Errors
    /// See `ClientTlsError`.
    pub fn tls12(roots: &[u8]) -> Result<Self, ClientTlsError> {
        Self::with_versions(roots, &[&TLS12])
    }

    fn with_versions(
        roots: &[u8],
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Self, ClientTlsError> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(roots) {
            let certificate = certificate.map_err(|_| ClientTlsError::NoRoots)?;
            store
                .add(certificate)
                .map_err(|_| ClientTlsError::NoRoots)?;
        }
        if store.is_empty() {
            return Err(ClientTlsError::NoRoots);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .map_err(|_| ClientTlsError::Internal)?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Names a protocol (ALPN) in handshakes, which the server must know.
    #[must_use]
    pub fn naming(mut self, protocol: &[u8]) -> Self {
        Arc::make_mut(&mut self.config).alpn_protocols = vec![protocol.to_vec()];
        self
    }

    /// Keeps no tickets: every handshake is a full one.
    #[must_use]
    pub fn without_tickets(mut self) -> Self {
        Arc::make_mut(&mut self.config).resumption = Resumption::disabled();
        self
    }

    /// Keeps tickets of so many servers, instead of some hundred.
    #[must_use]
    pub fn with_tickets_for(mut self, servers: usize) -> Self {
        // rustls counts so many tickets for each server.
        let tickets = servers.saturating_mul(TICKETS_PER_SERVER);
        Arc::make_mut(&mut self.config).resumption = Resumption::in_memory_sessions(tickets);
        self
    }

    /// A new session with the server of that name.
    ///
    /// # Errors
    /// See `ClientTlsError`.
    pub fn session(&self, server: &str) -> Result<Session, ClientTlsError> {
        let name = ServerName::try_from(server.to_owned()).map_err(|_| ClientTlsError::BadName)?;
        UnbufferedClientConnection::new(self.config.clone(), name)
            .map(Session::client)
            .map_err(|_| ClientTlsError::Internal)
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientTls")
    }
}
