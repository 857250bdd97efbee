//! Session tokens for the simulated devices, signed with the secret of the node's data directory.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ringpost_gateway_core::{NewToken, TokenSigner};

/// Life of a token, in seconds: longer than any run.
const TOKEN_LIFE_S: u64 = 7 * 24 * 3600;

/// Why no tokens can be made.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The secret file cannot be read.
    #[error("{path}: {source}; --data names the node's data directory")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The secret file holds something else.
    #[error("{path} does not hold 64 hexadecimal digits")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Makes tokens.
pub struct Issuer {
    signer: TokenSigner,
}

impl Issuer {
    /// An issuer with the secret of a node's data directory.
    ///
    /// # Errors
    /// The secret cannot be read.
    pub fn of_data_directory(data: &Path) -> Result<Self, IssuerError> {
        let path = data.join("token.secret");
        let text = std::fs::read_to_string(&path).map_err(|source| IssuerError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let signer = TokenSigner::from_hex(text.trim()).ok_or(IssuerError::Damaged { path })?;
        Ok(Self { signer })
    }

    /// A token for a user's device.
    pub fn issue(&self, subject: &str, device: u32) -> String {
        let now_s = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        NewToken {
            subject,
            device,
            issued_at_s: now_s,
            expires_at_s: now_s + TOKEN_LIFE_S,
        }
        .sign(&self.signer)
        .expect("a secret always signs")
    }
}
