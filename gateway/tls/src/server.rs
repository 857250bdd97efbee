//! The server's side: versions, suites, tickets and the certificate that new sessions are shown.
//!
//! Invariant: a new identity is taken whole by every handshake that begins afterwards; sessions that are open keep theirs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, UnbufferedServerConnection,
};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};

use crate::failure::Failure;
use crate::identity::Identity;
use crate::limits::TICKETS_PER_HANDSHAKE;
use crate::session::Session;
use crate::validity::Validity;

/// Makes the server's sessions. Clones are the same one.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Current(RwLock<(Arc<CertifiedKey>, Validity)>);

impl Current {
    fn get(&self) -> (Arc<CertifiedKey>, Validity) {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get().0)
    }
}

impl ServerTls {
    /// TLS 1.3 and 1.2 with rustls's suites, tickets without a table of sessions, and no early data. Clients that name protocols (ALPN)
    /// must name `protocol`; those that name none are taken.
    ///
    /// # Errors
    /// No randomness for the keys of tickets.
    pub fn new(identity: Identity, protocol: &[u8]) -> Result<Self, Error> {
        let validity = identity.validity();
        let current = Arc::new(Current(RwLock::new((Arc::new(identity.key), validity))));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        config.alpn_protocols = vec![protocol.to_vec()];
        config.ticketer = Ticketer::new()?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = TICKETS_PER_HANDSHAKE;
        Ok(Self {
            config: Arc::new(config),
            current,
        })
    }

    /// Shows this identity from now on.
    pub fn replace(&self, identity: Identity) {
        let validity = identity.validity();
        let mut current = self
            .current
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = (Arc::new(identity.key), validity);
    }

    /// Whether new sessions are shown this chain.
    pub fn shows(&self, identity: &Identity) -> bool {
        self.current.get().0.cert == identity.key.cert
    }

    /// When the certificate that new sessions are shown is valid.
    pub fn validity(&self) -> Validity {
        self.current.get().1
    }

    /// A new session.
    ///
    /// # Errors
    /// `Internal`.
    pub fn session(&self) -> Result<Session, Failure> {
        UnbufferedServerConnection::new(self.config.clone())
            .map(Session::server)
            .map_err(|_| Failure::Internal)
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerTls")
    }
}
