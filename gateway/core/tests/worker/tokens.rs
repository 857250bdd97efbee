//! Session tokens for the tests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

pub const SECRET: &[u8] = b"a secret of the tests, 32 bytes long";

/// A token with the given header and body.
pub fn signed(header: &str, body: &str, secret: &[u8]) -> String {
    let parts = [header, body].map(|part| URL_SAFE_NO_PAD.encode(part));
    let text = parts.join(".");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
    format!("{text}.{signature}")
}

/// A valid token, issued after 1,000 seconds.
pub fn token(user: &str, device: u32, expires_s: u64) -> String {
    timed(user, device, (1_000, expires_s))
}

/// A token that is issued and ends at the given times, in seconds.
pub fn timed(user: &str, device: u32, (issued_s, expires_s): (u64, u64)) -> String {
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let body = format!(
        r#"{{"sub":"{user}","did":{device},"iat":{issued_s},"exp":{expires_s},"aud":"ringpost"}}"#
    );
    signed(header, &body, SECRET)
}
