//! A server's certificate chain with its key. Input: two PEM texts; output: an `Identity` whose parts belong together.
//!
//! Invariant: no message of an error holds any part of the texts.

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::limits::PEM_BYTES_MAX;
use crate::validity::Validity;

/// Why two texts are no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A text is longer than `limits::PEM_BYTES_MAX`.
    #[error("the file is larger than {PEM_BYTES_MAX} bytes")]
    TooLarge,
    /// No certificate in it, or not PEM.
    #[error("the certificate file holds no certificate in PEM form")]
    NoCertificate,
    /// The first certificate cannot be read.
    #[error("the first certificate cannot be read")]
    BadCertificate,
    /// No private key in it, or not PEM.
    #[error(
        "the key file holds no private key in PEM form (PKCS#8, PKCS#1 or SEC1, not encrypted)"
    )]
    NoKey,
    /// The key is of a kind that TLS does not use.
    #[error("the private key is none of ECDSA (P-256, P-384), Ed25519 or RSA (2048 bits or more)")]
    BadKey,
    /// The key is another certificate's.
    #[error("the private key does not belong to the first certificate")]
    KeyMismatch,
}

/// A certificate chain with its key.
#[derive(Debug)]
pub struct Identity {
    pub(crate) key: CertifiedKey,
    validity: Validity,
}

impl Identity {
    /// Reads a chain, the server's own certificate first, and its key.
    ///
    /// # Errors
    /// See `IdentityError`.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        if certificates.len().max(key.len()) > PEM_BYTES_MAX {
            return Err(IdentityError::TooLarge);
        }
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .map_err(|_| IdentityError::NoCertificate)?;
        let first = chain.first().ok_or(IdentityError::NoCertificate)?;
        let validity = Validity::of(first).ok_or(IdentityError::BadCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::NoKey)?;
        let key =
            CertifiedKey::from_der(chain, key, &default_provider()).map_err(
                |error| match error {
                    Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        IdentityError::KeyMismatch
                    }
                    Error::InvalidCertificate(_) => IdentityError::BadCertificate,
                    _ => IdentityError::BadKey,
                },
            )?;
        Ok(Self { key, validity })
    }

    /// When the server's own certificate is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether both have the same chain.
    pub fn is_same_chain(&self, other: &Self) -> bool {
        self.key.cert == other.key.cert
    }
}
