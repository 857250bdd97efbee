//! Session tokens, signed with the node's secret: 64 hexadecimal digits in a file.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ringpost_gateway_core::NewToken;

use crate::arguments::{KeyOptions, TokenOptions};
use crate::error::ToolError;

/// The key that signs tokens.
#[derive(Clone)]
pub struct TokenKey(ringpost_gateway_core::TokenSigner);

/// Prints a token.
pub fn run(options: &TokenOptions) -> Result<(), ToolError> {
    let key = TokenKey::load(&options.key)?;
    println!(
        "{}",
        key.token(&options.user, options.device, options.expires_in)
    );
    Ok(())
}

impl TokenKey {
    /// Reads the secret.
    ///
    /// # Errors
    /// The file cannot be read or does not hold a secret.
    pub fn load(options: &KeyOptions) -> Result<Self, ToolError> {
        let in_data = || options.data.join("token.secret");
        let path: PathBuf = options.secret_file.clone().unwrap_or_else(in_data);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| ToolError::file("read the secret", &path, source))?;
        let key = ringpost_gateway_core::TokenSigner::from_hex(text.trim());
        key.map(Self).ok_or_else(|| {
            let source = std::io::Error::other("it does not hold 64 hexadecimal digits");
            ToolError::file("read the secret", &path, source)
        })
    }

    /// A token for a device that is valid for `expires_in` seconds from now.
    pub fn token(&self, user: &str, device: u32, expires_in: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.map_or(0, |since| since.as_secs());
        let token = NewToken {
            subject: user,
            device,
            issued_at_s: now_s.min(now_s.saturating_add_signed(expires_in)),
            expires_at_s: now_s.saturating_add_signed(expires_in),
        };
        token.sign(&self.0).expect("a secret always signs")
    }
}
