//! TLS of a client's connections: whom it trusts, which name the server must show, and why a handshake failed.
//!
//! TLS 1.3 and 1.2 with rustls and `ring`. Reconnects are shortened by tickets, which clones of a `Tls` share.

mod handshakes;

use std::fmt;
use std::io;
use std::sync::Arc;

use ringpost_wire::ALPN_NAME;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) use handshakes::Handshakes;

/// Why there is no `Tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The system has no certificates of authorities, or none that can be read.
    #[error("the system names no certificate authority")]
    NoSystemRoots,
    /// The text holds no certificate in PEM form that can be trusted.
    #[error("no certificate in PEM form that can be trusted")]
    NoAuthority,
    /// Neither a host name nor an address.
    #[error("the server's name is neither a host name nor an address")]
    BadName,
    /// rustls refuses.
    #[error("TLS cannot be had")]
    Internal,
}

/// Why a handshake with a server failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFailure {
    /// Nobody whom the client trusts has signed the server's certificate.
    #[error("the server's certificate is not signed by a trusted authority")]
    UnknownAuthority,
    /// The certificate is another server's.
    #[error("the server's certificate is for another name")]
    WrongName,
    /// The certificate's time is over, or this device's clock is wrong.
    #[error("the server's certificate has expired")]
    Expired,
    /// The certificate's time has not begun, or this device's clock is wrong.
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// The certificate was revoked.
    #[error("the server's certificate is revoked")]
    Revoked,
    /// Anything else that is wrong with the certificate.
    #[error("the server's certificate is not acceptable")]
    Unacceptable,
    /// No version, suite or protocol that both sides know.
    #[error("the server shares no version of TLS, suite or protocol with this client")]
    NothingShared,
    /// The server speaks something else: this is not the address of its TLS door.
    #[error("the server does not speak TLS at this address")]
    NotTls,
}

/// How a client's connections are made safe. Give it to `Options::tls`.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    name: Option<ServerName<'static>>,
}

impl Tls {
    /// Trusts the certificate authorities that the system trusts. Reads files.
    ///
    /// # Errors
    /// `NoSystemRoots` where none are found.
    pub fn system() -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::trusting(roots, TlsError::NoSystemRoots)
    }

    /// Trusts the certificates in a PEM text and what they sign, and nobody else: an own authority, or a server's own certificate.
    ///
    /// # Errors
    /// `NoAuthority` where the text holds anything but such certificates, or none.
    pub fn authority(pem: &[u8]) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| TlsError::NoAuthority)?;
            roots.add(certificate).map_err(|_| TlsError::NoAuthority)?;
        }
        Self::trusting(roots, TlsError::NoAuthority)
    }

    /// Expects this name in the certificate, whatever host the address names. It is also what the server is asked for.
    ///
    /// # Errors
    /// `BadName`.
    pub fn server_name(mut self, name: &str) -> Result<Self, TlsError> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::BadName)?;
        self.name = Some(name);
        Ok(self)
    }

    fn trusting(roots: RootCertStore, empty: TlsError) -> Result<Self, TlsError> {
        if roots.is_empty() {
            return Err(empty);
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|_| TlsError::Internal)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![ALPN_NAME.to_vec()];
        Ok(Self {
            config: Arc::new(config),
            name: None,
        })
    }

    /// Makes the handshake. `Err(None)` is a connection that was lost.
    pub(crate) async fn open(
        &self,
        address: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Option<TlsFailure>> {
        let name = self.name.clone().or_else(|| host_of(address));
        let name = name.ok_or(TlsFailure::WrongName)?;
        TlsConnector::from(self.config.clone())
            .connect(name, stream)
            .await
            .map_err(|error| failure_of(&error))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tls = formatter.debug_struct("Tls");
        tls.field("name", &self.name).finish_non_exhaustive()
    }
}

/// The name in `host:port` or `[address]:port`.
fn host_of(address: &str) -> Option<ServerName<'static>> {
    let (host, _) = address.rsplit_once(':')?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    ServerName::try_from(host.to_owned()).ok()
}

/// What is wrong with the server; `None` where the connection was lost.
fn failure_of(error: &io::Error) -> Option<TlsFailure> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(why) => failure_of_certificate(why),
        Error::NoCertificatesPresented => TlsFailure::Unacceptable,
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => TlsFailure::NothingShared,
        Error::InvalidMessage(_) => TlsFailure::NotTls,
        Error::AlertReceived(alert) => failure_of_alert(*alert)?,
        _ => return None,
    })
}

fn failure_of_certificate(why: &CertificateError) -> TlsFailure {
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            TlsFailure::UnknownAuthority
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFailure::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFailure::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFailure::NotYetValid
        }
        CertificateError::Revoked => TlsFailure::Revoked,
        _ => TlsFailure::Unacceptable,
    }
}

fn failure_of_alert(alert: AlertDescription) -> Option<TlsFailure> {
    match alert {
        AlertDescription::HandshakeFailure
        | AlertDescription::ProtocolVersion
        | AlertDescription::InsufficientSecurity
        | AlertDescription::NoApplicationProtocol => Some(TlsFailure::NothingShared),
        AlertDescription::UnrecognisedName => Some(TlsFailure::WrongName),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
