//! Keys in PEM, as `openssl` writes them: public ones as SubjectPublicKeyInfo (RFC 5280), private ones as PKCS #8 (RFC 5958).
//!
//! For each algorithm the encoding of a public key has one fixed beginning (RFC 8410, RFC 5480), so it is compared and not parsed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::Algorithm;
use super::key::{KeyError, TokenKey};
use super::signer::{RandomSource, TokenSigner};

const PUBLIC: &str = "PUBLIC KEY";
const PRIVATE: &str = "PRIVATE KEY";
/// Most text that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;

const ED25519_PUBLIC: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const ED25519_PRIVATE: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const P256_PUBLIC: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
impl TokenKey {
    /// The public key in a PEM text (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// It holds something else, or a key of another algorithm; HS256 has no public keys.
    pub fn from_pem(id: Option<&str>, algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        let der = body(text, PUBLIC).ok_or(KeyError::Encoding)?;
        let after = |prefix| der.strip_prefix(prefix).ok_or(KeyError::Encoding);
        match algorithm {
            Algorithm::Hs256 => Err(KeyError::Encoding),
            Algorithm::EdDsa => Self::ed25519(id, after(ED25519_PUBLIC)?),
            Algorithm::Es256 => Self::es256(id, after(P256_PUBLIC)?),
        }
    }
}

impl TokenSigner {
    /// The private key in a PEM text (`BEGIN PRIVATE KEY`), of either curve.
    ///
    /// # Errors
    /// It holds something else.
    pub fn from_pem(id: Option<&str>, text: &str, random: RandomSource) -> Result<Self, KeyError> {
        let der = body(text, PRIVATE).ok_or(KeyError::Encoding)?;
        let Some(seed) = der.strip_prefix(ED25519_PRIVATE) else {
            return Self::es256(id, &der, random);
        };
        let seed = seed.try_into().map_err(|_| KeyError::Encoding)?;
        Ok(Self::ed25519(id, seed))
    }

    /// The public half in PEM; `None` for a secret.
    pub fn public_pem(&self) -> Option<String> {
        let prefix = match self.algorithm() {
            Algorithm::Hs256 => return None,
            Algorithm::EdDsa => ED25519_PUBLIC,
            Algorithm::Es256 => P256_PUBLIC,
        };
        Some(text(PUBLIC, &[prefix, &self.public()?].concat()))
    }

    /// The private half in PEM; `None` for a secret.
    pub fn private_pem(&self) -> Option<String> {
        let private = self.private();
        let der = match self.algorithm() {
            Algorithm::Hs256 => return None,
            Algorithm::EdDsa => [ED25519_PRIVATE, private].concat(),
            Algorithm::Es256 => private.to_vec(),
        };
        Some(text(PRIVATE, &der))
    }
}

/// The bytes between the lines that name `label`; `None` unless the text holds exactly one such block.
fn body(text: &str, label: &str) -> Option<Vec<u8>> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let (_, rest) = text.split_once(&begin)?;
    let (inside, after) = rest.split_once(&end)?;
    if after.contains(&begin) {
        return None;
    }
    let packed: String = inside.split_ascii_whitespace().collect();
    STANDARD.decode(packed).ok()
}

fn text(label: &str, der: &[u8]) -> String {
    let packed = STANDARD.encode(der);
    let lines = packed.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

#[cfg(test)]
#[path = "pem_tests.rs"]
mod tests;
