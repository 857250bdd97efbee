//! Session tokens: JWTs signed with HS256 and the node's secret.
//!
//! Claims: `sub`, `did`, `iat`, `exp`, `aud` = `ringpost`. The secret file holds 64 hexadecimal digits.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::arguments::{KeyOptions, TokenOptions};
use crate::error::ToolError;

/// The key that signs tokens.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

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
        parse(text.trim()).ok_or_else(|| {
            let source = std::io::Error::other("it does not hold 64 hexadecimal digits");
            ToolError::file("read the secret", &path, source)
        })
    }

    /// A token for a device that is valid for `expires_in` seconds from now.
    pub fn token(&self, user: &str, device: u32, expires_in: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs().cast_signed());
        self.token_at(user, device, now, now.saturating_add(expires_in))
    }

    fn token_at(&self, user: &str, device: u32, issued: i64, expires: i64) -> String {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        let claims = json!({
            "sub": user, "did": device, "iat": issued, "exp": expires, "aud": "ringpost",
        });
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length is a key");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
    }
}

fn parse(digits: &str) -> Option<TokenKey> {
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(TokenKey(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_user_and_device_and_is_signed() {
        let key = parse(&"0b".repeat(32)).unwrap();
        let token = key.token_at("ann", 3, 1_000, 2_000);
        let parts: Vec<&str> = token.split('.').collect();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&decode(parts[1])).unwrap();
        assert_eq!(claims["sub"], "ann");
        assert_eq!(claims["did"], 3);
        assert_eq!(claims["exp"], 2_000);
        assert_eq!(claims["aud"], "ringpost");
        let mut mac = Hmac::<Sha256>::new_from_slice(&[0x0b; 32]).unwrap();
        mac.update(format!("{}.{}", parts[0], parts[1]).as_bytes());
        mac.verify_slice(&decode(parts[2])).unwrap();
    }

    #[test]
    fn only_64_digits_are_a_secret() {
        assert!(parse(&"a".repeat(63)).is_none());
        assert!(parse(&"g".repeat(64)).is_none());
        assert!(parse(&"f".repeat(64)).is_some());
    }
}
