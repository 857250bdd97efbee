//! The key of a database: 32 bytes from the caller, wiped from memory when dropped, never shown.
//!
//! A key is random bytes, not a password: nothing stretches it. Input: bytes, or a file with 64 hexadecimal digits.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use super::open::sync_folder_of;

const KEY_BYTES: usize = 32;

/// The key of a database.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseKey(Zeroizing<[u8; KEY_BYTES]>);

/// Why a key file could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file does not hold 64 hexadecimal digits.
    #[error("{0} does not hold a key: 64 hexadecimal digits are expected")]
    NotAKey(PathBuf),
    /// The system refused.
    #[error("key file {path}: {source}")]
    System {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl core::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DatabaseKey(..)")
    }
}

impl From<[u8; KEY_BYTES]> for DatabaseKey {
    /// Takes the bytes; the caller wipes its own copy.
    fn from(mut bytes: [u8; KEY_BYTES]) -> Self {
        let key = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        key
    }
}

impl DatabaseKey {
    /// A new random key.
    pub fn random() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// Reads a key from a file.
    ///
    /// # Errors
    /// The file cannot be read or holds something else.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let system = |source| KeyFileError::System {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new().read(true).open(path).map_err(system)?;
        let mut text = Zeroizing::new(String::with_capacity(4 * KEY_BYTES));
        file.take(4 * KEY_BYTES as u64)
            .read_to_string(&mut text)
            .map_err(system)?;
        Self::parse(text.trim()).ok_or_else(|| KeyFileError::NotAKey(path.to_owned()))
    }

    /// Writes the key to a new file that only its owner may read. It is durable, name and all, before a database can be made with it.
    ///
    /// # Errors
    /// The file is there already or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyFileError> {
        let system = |source| KeyFileError::System {
            path: path.to_owned(),
            source,
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(system)?;
        file.write_all(self.hexadecimal().as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder_of(path))
            .map_err(system)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if text.len() != 2 * KEY_BYTES {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = [digits[0], digits[1]].map(|digit| char::from(digit).to_digit(16));
            *byte = (high? * 16 + low?) as u8;
        }
        Some(Self(bytes))
    }

    /// The key as hexadecimal digits.
    pub(super) fn hexadecimal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 15] {
                // A value below 16 is a digit.
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = DatabaseKey::random();
        key.write_new(&path).unwrap();
        assert_eq!(DatabaseKey::read(&path).unwrap(), key);
        assert!(key.write_new(&path).is_err());
    }

    #[test]
    fn only_sixty_four_digits_are_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
            std::fs::write(&path, text).unwrap();
            let error = DatabaseKey::read(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::NotAKey(_)), "{text}");
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key = DatabaseKey::from([0xAB; KEY_BYTES]);
        assert_eq!(format!("{key:?}"), "DatabaseKey(..)");
        assert_eq!(*key.hexadecimal(), "ab".repeat(KEY_BYTES));
    }
}
