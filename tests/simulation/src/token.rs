//! Session tokens for simulated clients, signed under the nodes' one secret.

use ringpost_gateway_core::{NewToken, TokenSigner};
use ringpost_wire::DeviceId;

/// The secret that all nodes know.
pub const SECRET: &[u8] = b"the secret of all simulated tokens";

/// A token for a device of `subject`, valid from `issued_s` to `expires_s` (seconds since 1970).
pub fn token(subject: &str, device: DeviceId, issued_s: u64, expires_s: u64) -> String {
    let token = NewToken {
        subject,
        device,
        issued_at_s: issued_s,
        expires_at_s: expires_s,
    };
    let signed = token.sign(&TokenSigner::hs256(None, SECRET));
    signed.expect("a secret always signs")
}
