//! Makes session tokens: for the tools, the load generator and tests. A sign-in service makes the same ones elsewhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::TokenKey;

/// What a new token says.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// The user, 1 to 128 bytes.
    pub subject: &'a str,
    /// The device, 1 or more.
    pub device: u32,
    /// When it is made, in seconds since 1970.
    pub issued_at_s: u64,
    /// When it ends, in seconds since 1970.
    pub expires_at_s: u64,
}

impl NewToken<'_> {
    /// The token, signed with `key` (HS256).
    pub fn sign(&self, key: &TokenKey) -> String {
        let mut header = json!({ "alg": "HS256", "typ": "JWT" });
        if let Some(id) = &key.id {
            header["kid"] = json!(id);
        }
        let claims = json!({
            "sub": self.subject,
            "did": self.device,
            "iat": self.issued_at_s,
            "exp": self.expires_at_s,
            "aud": "ringpost",
        });
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key.secret).expect("HMAC takes keys of any length");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use ringpost_wire::UserId;

    use super::*;
    use crate::token::{TokenError, TokenVerifier};

    #[test]
    fn a_signed_token_verifies_with_its_key_only() {
        let key = |id: Option<&str>, byte: u8| TokenKey {
            id: id.map(str::to_owned),
            secret: vec![byte; 32],
        };
        let token = NewToken {
            subject: "ann",
            device: 3,
            issued_at_s: 100,
            expires_at_s: 200,
        };
        for id in [None, Some("k1")] {
            let text = token.sign(&key(id, 1));
            let holder = TokenVerifier::new(vec![key(id, 1)], None)
                .verify(&text, 150_000)
                .unwrap();
            assert_eq!(
                (holder.device.user, holder.device.device),
                (UserId::from_subject("ann"), 3)
            );
            assert_eq!(holder.expires_ms, 200_000);
            let other = TokenVerifier::new(vec![key(id, 2)], None);
            assert_eq!(other.verify(&text, 150_000), Err(TokenError::Signature));
        }
    }
}
