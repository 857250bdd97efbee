//! Session tokens for simulated clients: JWTs signed with HS256 under the nodes' one secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ringpost_wire::DeviceId;
use sha2::Sha256;

/// The secret that all nodes know.
pub const SECRET: &[u8] = b"the secret of simulated tokens";

/// A token for a device of `subject`, valid from `issued_s` to `expires_s` (seconds since 1970).
pub fn token(subject: &str, device: DeviceId, issued_s: u64, expires_s: u64) -> String {
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let body = format!(
        r#"{{"sub":"{subject}","did":{device},"iat":{issued_s},"exp":{expires_s},"aud":"ringpost"}}"#
    );
    let signed = [header, &body]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".");
    // HMAC takes a key of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length is a key");
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}
