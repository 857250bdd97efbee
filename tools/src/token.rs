//! Session tokens, signed with the node's secret (64 hexadecimal digits in a file) or with a private key in PEM.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ring::rand::SystemRandom;
use ringpost_gateway_core::{NewToken, NoRandomness, TokenSigner};

use crate::arguments::{KeyOptions, TokenOptions};
use crate::error::ToolError;

/// The key that signs tokens, and what they say beside user and device.
#[derive(Clone)]
pub struct TokenKey {
    signer: TokenSigner,
    audience: String,
    issuer: Option<String>,
}

/// Prints a token.
pub fn run(options: &TokenOptions) -> Result<(), ToolError> {
    let key = TokenKey::load(&options.key)?;
    println!(
        "{}",
        key.token(&options.user, options.device, options.expires_in)?
    );
    Ok(())
}

impl TokenKey {
    /// Reads the key.
    ///
    /// # Errors
    /// The file cannot be read or does not hold one.
    pub fn load(options: &KeyOptions) -> Result<Self, ToolError> {
        let kid = options.kid.as_deref();
        let signer = match &options.signing_key {
            Some(path) => read_private(path, kid)?,
            None => read_secret(options)?.named(kid),
        };
        Ok(Self {
            signer,
            audience: options.audience.clone(),
            issuer: options.issuer.clone(),
        })
    }

    /// A token for a device that is valid for `expires_in` seconds from now.
    ///
    /// # Errors
    /// The system gives no randomness to a key that needs some.
    pub fn token(&self, user: &str, device: u32, expires_in: i64) -> Result<String, NoRandomness> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.map_or(0, |since| since.as_secs());
        let token = NewToken {
            subject: user,
            device,
            issued_at_s: now_s.min(now_s.saturating_add_signed(expires_in)),
            expires_at_s: now_s.saturating_add_signed(expires_in),
        };
        token.sign_for(&self.signer, &self.audience, self.issuer.as_deref())
    }
}

fn read_secret(options: &KeyOptions) -> Result<TokenSigner, ToolError> {
    let in_data = || options.data.join("token.secret");
    let path: PathBuf = options.secret_file.clone().unwrap_or_else(in_data);
    let text = std::fs::read_to_string(&path)
        .map_err(|source| ToolError::file("read the secret", &path, source))?;
    TokenSigner::from_hex(text.trim()).ok_or_else(|| {
        let source = std::io::Error::other("it does not hold 64 hexadecimal digits");
        ToolError::file("read the secret", &path, source)
    })
}

/// The private key in a PEM file.
pub fn read_private(path: &Path, kid: Option<&str>) -> Result<TokenSigner, ToolError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ToolError::file("read the private key", path, source))?;
    TokenSigner::from_pem(kid, &text, Arc::new(SystemRandom::new())).map_err(|_| {
        let what = "it holds no private key of Ed25519 or P-256 (`BEGIN PRIVATE KEY`)";
        ToolError::file("read the private key", path, std::io::Error::other(what))
    })
}
