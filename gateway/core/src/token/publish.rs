//! The public half of a key that signs, as a JSON Web Key Set (RFC 7517; RFC 8037 for OKP) for those who verify.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::algorithm::Algorithm;
use super::signer::TokenSigner;

impl TokenSigner {
    /// The set of this one key, as text; `None` for a secret.
    pub fn public_jwks(&self) -> Option<String> {
        let public = self.public()?;
        let mut key = match self.algorithm() {
            Algorithm::Hs256 => return None,
            Algorithm::EdDsa => json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": encode(&public),
            }),
            // An uncompressed point: a 4, then the two coordinates.
            Algorithm::Es256 => {
                let (x, y) = public.get(1..)?.split_at_checked(32)?;
                json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
            }
        };
        key["alg"] = json!(self.algorithm().name());
        key["use"] = json!("sig");
        if let Some(id) = self.id() {
            key["kid"] = json!(id);
        }
        Some(format!("{:#}\n", json!({ "keys": [key] })))
    }
}

fn encode(bytes: &[u8]) -> Value {
    Value::String(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ring::rand::SystemRandom;

    use super::*;
    use crate::token::{Jwks, KeySet, NewToken, TokenRules, TokenVerifier};

    #[test]
    fn a_published_key_verifies_what_its_private_half_signs() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let random = Arc::new(SystemRandom::new());
            let signer = TokenSigner::generate(Some("a"), algorithm, random).expect("randomness");
            let text = signer.public_jwks().expect("a public half");
            let jwks = Jwks::parse(&text).expect("a set");
            assert!(jwks.skipped.is_empty() && !jwks.holds_secret, "{text}");
            let keys = KeySet::new(jwks.keys).expect("one key");
            let verifier = TokenVerifier::new(keys, TokenRules::default());
            let token = NewToken {
                subject: "ann",
                device: 1,
                issued_at_s: 1,
                expires_at_s: 9,
            };
            let token = token.sign(&signer).expect("is signed");
            assert!(verifier.verify(&token, 5_000).is_ok());
        }
        assert_eq!(TokenSigner::hs256(None, &[1; 32]).public_jwks(), None);
    }
}
