//! A key that signs tokens: for the tools, the load generator and tests. A node itself never signs.

use ed25519_dalek::Signer;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::algorithm::Algorithm;
use super::key::{KeyError, TokenKey, secret_from_hex};

/// Bytes of a private key of either curve.
pub(super) const PRIVATE_BYTES: usize = 32;

/// A key that signs tokens.
#[derive(Clone)]
pub struct TokenSigner {
    id: Option<String>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Hs256(Vec<u8>),
    EdDsa(Box<ed25519_dalek::SigningKey>),
    Es256(Box<p256::ecdsa::SigningKey>),
}

impl TokenSigner {
    /// A secret for HS256.
    pub fn hs256(id: Option<&str>, secret: &[u8]) -> Self {
        Self::new(id, Kind::Hs256(secret.to_vec()))
    }

    /// The nameless secret in the text of a secret file: 64 hexadecimal digits. `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        Some(Self::hs256(None, &secret_from_hex(text)?))
    }

    /// A private key of Ed25519 (RFC 8032's seed).
    pub fn ed25519(id: Option<&str>, seed: &[u8; PRIVATE_BYTES]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Self::new(id, Kind::EdDsa(Box::new(key)))
    }

    /// A private key of P-256: a number, big-endian.
    ///
    /// # Errors
    /// The number is 0 or not below the order of the curve.
    pub fn es256(id: Option<&str>, number: &[u8; PRIVATE_BYTES]) -> Result<Self, KeyError> {
        let key = p256::ecdsa::SigningKey::from_slice(number).map_err(|_| KeyError::Encoding)?;
        Ok(Self::new(id, Kind::Es256(Box::new(key))))
    }

    fn new(id: Option<&str>, kind: Kind) -> Self {
        let id = id.map(str::to_owned);
        Self { id, kind }
    }

    /// The same key under another name.
    pub fn named(self, id: Option<&str>) -> Self {
        Self::new(id, self.kind)
    }

    /// The `kid` that its tokens carry.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.kind {
            Kind::Hs256(_) => Algorithm::Hs256,
            Kind::EdDsa(_) => Algorithm::EdDsa,
            Kind::Es256(_) => Algorithm::Es256,
        }
    }

    /// The key that verifies what this one signs.
    ///
    /// # Errors
    /// A secret or an id outside the limits.
    pub fn verifying(&self) -> Result<TokenKey, KeyError> {
        let id = self.id();
        match &self.kind {
            Kind::Hs256(secret) => TokenKey::hs256(id, secret),
            Kind::EdDsa(key) => TokenKey::ed25519(id, key.verifying_key().as_bytes()),
            Kind::Es256(_) => TokenKey::es256(id, &self.public().unwrap_or_default()),
        }
    }

    /// The public half: 32 bytes of Ed25519, or an uncompressed point of P-256. `None` for a secret.
    pub fn public(&self) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Hs256(_) => None,
            Kind::EdDsa(key) => Some(key.verifying_key().as_bytes().to_vec()),
            Kind::Es256(key) => Some(key.verifying_key().to_sec1_point(false).as_bytes().to_vec()),
        }
    }

    /// The private half in bytes.
    pub(super) fn private(&self) -> Vec<u8> {
        match &self.kind {
            Kind::Hs256(secret) => secret.clone(),
            Kind::EdDsa(key) => key.to_bytes().to_vec(),
            Kind::Es256(key) => key.to_bytes().to_vec(),
        }
    }

    pub(super) fn sign(&self, signed: &[u8]) -> Vec<u8> {
        match &self.kind {
            Kind::Hs256(secret) => {
                let mut mac =
                    Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
                mac.update(signed);
                mac.finalize().into_bytes().to_vec()
            }
            Kind::EdDsa(key) => key.sign(signed).to_bytes().to_vec(),
            Kind::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(signed);
                signature.to_bytes().to_vec()
            }
        }
    }
}

impl core::fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TokenSigner")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
