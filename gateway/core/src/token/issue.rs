//! Makes session tokens: for the tools, the load generator and tests. A sign-in service makes the same ones elsewhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::signer::{NoRandomness, TokenSigner};

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
    /// The token for the audience `ringpost` and without an issuer.
    ///
    /// # Errors
    /// ES256 needs randomness and there is none; other keys always sign.
    pub fn sign(&self, signer: &TokenSigner) -> Result<String, NoRandomness> {
        self.sign_for(signer, "ringpost", None)
    }

    /// The token for an audience, and of an issuer where there is one.
    ///
    /// # Errors
    /// As for `sign`.
    pub fn sign_for(
        &self,
        signer: &TokenSigner,
        audience: &str,
        issuer: Option<&str>,
    ) -> Result<String, NoRandomness> {
        let mut header = json!({ "alg": signer.algorithm().name(), "typ": "JWT" });
        if let Some(id) = signer.id() {
            header["kid"] = json!(id);
        }
        let mut claims = json!({
            "sub": self.subject,
            "did": self.device,
            "iat": self.issued_at_s,
            "exp": self.expires_at_s,
            "aud": audience,
        });
        if let Some(issuer) = issuer {
            claims["iss"] = json!(issuer);
        }
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = encode(&signer.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }
}

#[cfg(test)]
mod tests {
    use ringpost_wire::UserId;

    use std::sync::Arc;

    use ring::rand::SystemRandom;

    use super::*;
    use crate::token::{Algorithm, KeySet, TokenError, TokenRules, TokenVerifier};

    fn verifier(signer: &TokenSigner) -> TokenVerifier {
        let key = signer.verifying().expect("a key");
        let keys = KeySet::new(vec![key]).expect("one key");
        TokenVerifier::new(keys, TokenRules::default())
    }

    #[test]
    fn a_signed_token_verifies_with_its_key_only() {
        let signers = |byte: u8, id: Option<&str>| {
            [
                TokenSigner::hs256(id, &[byte; 32]),
                TokenSigner::ed25519(id, &[byte; 32]),
                TokenSigner::generate(id, Algorithm::Es256, Arc::new(SystemRandom::new()))
                    .expect("randomness"),
            ]
        };
        let token = NewToken {
            subject: "ann",
            device: 3,
            issued_at_s: 100,
            expires_at_s: 200,
        };
        for id in [None, Some("k1")] {
            for (signer, other) in signers(1, id).into_iter().zip(signers(2, id)) {
                let text = token.sign(&signer).expect("is signed");
                let holder = verifier(&signer).verify(&text, 150_000).expect("is valid");
                assert_eq!(
                    (holder.device.user, holder.device.device),
                    (UserId::from_subject("ann"), 3)
                );
                assert_eq!((holder.issued_ms, holder.expires_ms), (100_000, 260_000));
                let refused = verifier(&other).verify(&text, 150_000);
                assert_eq!(refused, Err(TokenError::Signature));
            }
        }
    }
}
