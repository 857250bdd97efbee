//! Reads the key files that the configuration names and makes the verifier from them.
//!
//! Invariant: either every file is read and every key of `auth.keys` is one, or there is an error and no verifier.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ringpost_gateway_core::limits::JWKS_BYTES_MAX;
use ringpost_gateway_core::{Algorithm, Jwks, KeySet, TokenKey, TokenRules, TokenVerifier};

use super::TokensError;
use crate::configuration::{AuthSettings, KeyAlgorithm, KeySettings};
use crate::secret::Secret;

/// Which bytes a file had, as far as the system tells without reading them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    path: PathBuf,
    /// Device, inode, size, and the time of the last change, of its rights too, in nanoseconds; `None` for a file that is not there.
    state: Option<(u64, u64, u64, i64, i64)>,
}

impl Stamp {
    /// The stamp of the file at `path` now.
    pub fn of(path: &Path) -> Self {
        let state = std::fs::metadata(path).ok().map(|file: Metadata| {
            let (seconds, nanoseconds) = (file.ctime(), file.ctime_nsec());
            (file.dev(), file.ino(), file.size(), seconds, nanoseconds)
        });
        let path = path.to_owned();
        Self { path, state }
    }

    /// Whether the file is another one by now.
    pub fn is_old(&self) -> bool {
        *self != Self::of(&self.path)
    }
}

/// The stamps of the files that `auth` names, as they are now.
pub fn stamps(auth: &AuthSettings) -> Vec<Stamp> {
    let jwks = (!auth.jwks_file.as_os_str().is_empty()).then_some(&auth.jwks_file);
    let files = auth.keys.iter().map(|key| &key.file).chain(jwks);
    files.map(|path| Stamp::of(path)).collect()
}

/// The verifier and the number of its keys.
///
/// # Errors
/// The first file that is not what it should be.
pub fn load(auth: &AuthSettings, secret: &Secret) -> Result<(TokenVerifier, usize), TokensError> {
    let mut keys = Vec::new();
    if auth.local_secret {
        let local = TokenKey::hs256(None, secret.bytes());
        keys.extend(local.ok());
    }
    for key in &auth.keys {
        keys.push(public_key(key)?);
    }
    if !auth.jwks_file.as_os_str().is_empty() {
        keys.extend(key_set(&auth.jwks_file)?);
    }
    let set = KeySet::new(keys)?;
    let count = set.keys().len();
    Ok((TokenVerifier::new(set, rules(auth)), count))
}

fn rules(auth: &AuthSettings) -> TokenRules {
    TokenRules {
        audience: auth.audience.clone(),
        issuer: (!auth.issuer.is_empty()).then(|| auth.issuer.clone()),
        leeway_ms: auth.leeway_s * 1_000,
        life_ms_max: (auth.life_max_s > 0).then(|| auth.life_max_s * 1_000),
    }
}

fn public_key(key: &KeySettings) -> Result<TokenKey, TokensError> {
    let (text, _) = read(&key.file, "auth.keys")?;
    let algorithm = match key.algorithm {
        KeyAlgorithm::EdDSA => Algorithm::EdDsa,
        KeyAlgorithm::ES256 => Algorithm::Es256,
    };
    TokenKey::from_pem(Some(&key.kid), algorithm, &text).map_err(|error| TokensError::Key {
        kid: key.kid.clone(),
        path: key.file.clone(),
        error,
    })
}

fn key_set(path: &Path) -> Result<Vec<TokenKey>, TokensError> {
    let (text, mode) = read(path, "auth.jwks_file")?;
    let jwks = Jwks::parse(&text).map_err(|error| TokensError::Jwks {
        path: path.to_owned(),
        error,
    })?;
    if jwks.holds_secret && mode & 0o077 != 0 {
        return Err(TokensError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    for skipped in &jwks.skipped {
        let (index, kid, reason) = (skipped.index, &skipped.id, skipped.reason);
        tracing::warn!(path = %path.display(), index, ?kid, reason, "a key of the key set is left out");
    }
    Ok(jwks.keys)
}

/// The text of a file and its mode.
fn read(path: &Path, key: &'static str) -> Result<(String, u32), TokensError> {
    read_text(path).map_err(|source| TokensError::File {
        key,
        path: path.to_owned(),
        source,
    })
}

fn read_text(path: &Path) -> io::Result<(String, u32)> {
    // Asked before it is opened: the open of a pipe waits for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    let mut text = String::new();
    // One byte more than allowed, so that a set that is too large is seen to be.
    file.take(JWKS_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)?;
    Ok((text, mode))
}
