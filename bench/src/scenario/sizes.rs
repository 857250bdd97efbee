//! `Sizes`: how large payloads are. What is drawn from them and their distribution is the schedule's.

use serde::Serialize;

/// Sizes of payloads, in bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Sizes {
    /// All of one size.
    Fixed {
        /// The size.
        bytes: u32,
    },
    /// Log-normal, cut off at `max_bytes`; below the smallest payload it is that.
    LogNormal {
        /// Half of the payloads are smaller.
        median_bytes: u32,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// Larger ones become so large.
        max_bytes: u32,
    },
    /// As real messages are: text and references to media, padded and encrypted.
    Ciphertext {},
}

impl Sizes {
    /// The names of all kinds in files.
    pub const KINDS: [&str; 3] = ["fixed", "log-normal", "ciphertext"];
}
