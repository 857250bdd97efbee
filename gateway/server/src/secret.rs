//! Secrets of the node: made at first start from the system's randomness, kept in the data directory with mode 0600.
//!
//! A secret file holds 64 hexadecimal digits and a line feed. One that others may read, or that is damaged, is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Name of the file of the key that signs session tokens.
pub const TOKEN_SECRET_FILE: &str = "token.secret";
/// Name of the file of the token that admin calls carry.
pub const ADMIN_TOKEN_FILE: &str = "admin.token";

const SECRET_BYTES: usize = 32;

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or made.
    #[error("secret file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read the file.
    #[error("secret file {path} has mode {mode:o}: make it 600, so that nobody else reads it")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file does not hold a secret.
    #[error("secret file {path} does not hold 64 hexadecimal digits")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no randomness.
    #[error("no randomness from the system for {path}: {source}")]
    NoRandomness {
        /// The file that was to be made.
        path: PathBuf,
        /// Why.
        source: getrandom::Error,
    },
}

/// 32 secret bytes. Not printed by `Debug`.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub struct Secret([u8; SECRET_BYTES]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// The secret in `path`, made there first where the file is missing.
    ///
    /// # Errors
    /// The file cannot be read or made, is readable for others, or is damaged.
    pub fn load_or_make(path: &Path) -> Result<Self, SecretError> {
        let failed = |source| SecretError::File {
            path: path.to_owned(),
            source,
        };
        // Asked before it is opened: the open of a pipe waits for its writer.
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => Err(SecretError::Damaged {
                path: path.to_owned(),
            }),
            Ok(_) => Self::read(path, File::open(path).map_err(failed)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path),
            Err(error) => Err(failed(error)),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The bytes in hexadecimal digits, as in the file.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn read(path: &Path, file: File) -> Result<Self, SecretError> {
        let failed = |source| SecretError::File {
            path: path.to_owned(),
            source,
        };
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        let mut text = String::new();
        file.take(1024).read_to_string(&mut text).map_err(failed)?;
        parse(text.trim_end()).ok_or_else(|| SecretError::Damaged {
            path: path.to_owned(),
        })
    }

    /// Written beside and renamed, so that a crash leaves either no secret or a whole one.
    fn make(path: &Path) -> Result<Self, SecretError> {
        let failed = |source| SecretError::File {
            path: path.to_owned(),
            source,
        };
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|source| SecretError::NoRandomness {
            path: path.to_owned(),
            source,
        })?;
        let secret = Self(bytes);
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .map_err(failed)?;
        file.write_all(format!("{}\n", secret.to_hex()).as_bytes())
            .map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)?;
        let directory = path.parent().unwrap_or(Path::new("."));
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed)?;
        Ok(secret)
    }
}

fn parse(text: &str) -> Option<Secret> {
    let digits = text.as_bytes();
    if digits.len() != 2 * SECRET_BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; SECRET_BYTES];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(Secret(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_with_mode_600_and_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(TOKEN_SECRET_FILE);
        let made = Secret::load_or_make(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(Secret::load_or_make(&path).unwrap(), made);
        assert!(made.bytes().iter().any(|&byte| byte != 0));
    }

    #[test]
    fn exposed_and_damaged_secrets_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(ADMIN_TOKEN_FILE);
        Secret::load_or_make(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            Secret::load_or_make(&path),
            Err(SecretError::Exposed { mode: 0o644, .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short\n").unwrap();
        assert!(matches!(
            Secret::load_or_make(&path),
            Err(SecretError::Damaged { .. })
        ));
    }

    #[test]
    fn what_is_not_a_plain_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(TOKEN_SECRET_FILE);
        fs::create_dir(&path).unwrap();
        assert!(matches!(
            Secret::load_or_make(&path),
            Err(SecretError::Damaged { .. })
        ));
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret([7; 32])), "Secret");
    }
}
