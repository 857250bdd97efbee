//! A key that signs tokens: for the tools, the load generator and tests. A node itself never signs.
//!
//! Randomness for ES256 comes from whoever makes the key.

use std::sync::Arc;

use ring::hmac;
use ring::rand::SecureRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::algorithm::Algorithm;
use super::key::{KeyError, TokenKey, secret_from_hex};

/// Bytes of a private key of Ed25519, and of a new secret.
pub(super) const PRIVATE_BYTES: usize = 32;

/// Where randomness comes from.
pub type RandomSource = Arc<dyn SecureRandom + Send + Sync>;

/// The source of randomness gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRandomness;

impl core::fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the source of randomness gives none")
    }
}

impl core::error::Error for NoRandomness {}

/// A key that signs tokens.
#[derive(Clone)]
pub struct TokenSigner {
    id: Option<String>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Hs256(Vec<u8>),
    EdDsa([u8; PRIVATE_BYTES], Arc<Ed25519KeyPair>),
    Es256(Arc<EcdsaSigner>),
}

/// A private key of P-256, as PKCS #8 too.
struct EcdsaSigner {
    document: Vec<u8>,
    pair: EcdsaKeyPair,
    random: RandomSource,
}

impl TokenSigner {
    /// A new key.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn generate(
        id: Option<&str>,
        algorithm: Algorithm,
        random: RandomSource,
    ) -> Result<Self, NoRandomness> {
        if algorithm == Algorithm::Es256 {
            let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let document = EcdsaKeyPair::generate_pkcs8(curve, &*random);
            let document = document.map_err(|_| NoRandomness)?;
            return Self::es256(id, document.as_ref(), random).map_err(|_| NoRandomness);
        }
        let mut bytes = [0; PRIVATE_BYTES];
        random.fill(&mut bytes).map_err(|_| NoRandomness)?;
        match algorithm {
            Algorithm::EdDsa => Ok(Self::ed25519(id, &bytes)),
            _ => Ok(Self::hs256(id, &bytes)),
        }
    }

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
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed");
        Self::new(id, Kind::EdDsa(*seed, Arc::new(pair)))
    }

    /// A private key of P-256 in PKCS #8 with its public half, as OpenSSL writes it.
    ///
    /// # Errors
    /// It is something else, or its halves do not belong together.
    pub fn es256(
        id: Option<&str>,
        document: &[u8],
        random: RandomSource,
    ) -> Result<Self, KeyError> {
        let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(curve, document, &*random);
        let signer = EcdsaSigner {
            document: document.to_vec(),
            pair: pair.map_err(|_| KeyError::Encoding)?,
            random,
        };
        Ok(Self::new(id, Kind::Es256(Arc::new(signer))))
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
            Kind::EdDsa(..) => Algorithm::EdDsa,
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
            Kind::EdDsa(_, pair) => TokenKey::ed25519(id, pair.public_key().as_ref()),
            Kind::Es256(signer) => TokenKey::es256(id, signer.pair.public_key().as_ref()),
        }
    }

    /// The public half: 32 bytes of Ed25519, or an uncompressed point of P-256. `None` for a secret.
    pub fn public(&self) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Hs256(_) => None,
            Kind::EdDsa(_, pair) => Some(pair.public_key().as_ref().to_vec()),
            Kind::Es256(signer) => Some(signer.pair.public_key().as_ref().to_vec()),
        }
    }

    /// The private half: a secret's bytes, a seed, or PKCS #8.
    pub(super) fn private(&self) -> &[u8] {
        match &self.kind {
            Kind::Hs256(secret) => secret,
            Kind::EdDsa(seed, _) => seed,
            Kind::Es256(signer) => &signer.document,
        }
    }

    pub(super) fn sign(&self, signed: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        match &self.kind {
            Kind::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                Ok(hmac::sign(&key, signed).as_ref().to_vec())
            }
            Kind::EdDsa(_, pair) => Ok(pair.sign(signed).as_ref().to_vec()),
            Kind::Es256(signer) => {
                let signature = signer.pair.sign(&*signer.random, signed);
                let signature = signature.map_err(|_| NoRandomness)?;
                Ok(signature.as_ref().to_vec())
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
