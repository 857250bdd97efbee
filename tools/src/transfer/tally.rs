//! Which rows an export carries, and what they come to: counts, and a digest that depends on every byte and on the order.
//!
//! The digest is a chain of SHA-256: of the digest so far, the lengths of key and value, the key and the value.

use ringpost_storage_core::key::Family;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The families that an export carries, in the order of their keys.
pub const CARRIED: [Family; 9] = [
    Family::Head,
    Family::Message,
    Family::Member,
    Family::Window,
    Family::ReadCursor,
    Family::Membership,
    Family::Pending,
    Family::User,
    Family::Device,
];

/// Bytes of a tally in a file.
pub const TALLY_BYTES: usize = 16 + CARRIED.len() * 8 + 32;

/// What rows come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The rows.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// Rows of each family of `CARRIED`.
    pub families: [u64; CARRIED.len()],
    /// The digest of all rows in order.
    pub digest: [u8; 32],
}

impl Tally {
    /// Adds the next row.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows += 1;
        self.bytes += (key.len() + value.len()) as u64;
        if let Some(place) = place_of(key) {
            self.families[place] += 1;
        }
        let mut hasher = Sha256::new();
        hasher.update(self.digest);
        hasher.update((key.len() as u32).to_be_bytes());
        hasher.update((value.len() as u32).to_be_bytes());
        hasher.update(key);
        hasher.update(value);
        self.digest = hasher.finalize().into();
    }

    /// Appends it to a file's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.rows.to_be_bytes());
        out.extend_from_slice(&self.bytes.to_be_bytes());
        for rows in self.families {
            out.extend_from_slice(&rows.to_be_bytes());
        }
        out.extend_from_slice(&self.digest);
    }

    /// Reads it back.
    pub fn decode(bytes: &[u8; TALLY_BYTES]) -> Self {
        let number = |place: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[place * 8..][..8]);
            u64::from_be_bytes(number)
        };
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes[TALLY_BYTES - 32..]);
        Self {
            rows: number(0),
            bytes: number(1),
            families: std::array::from_fn(|place| number(2 + place)),
            digest,
        }
    }

    /// It as JSON, for people and programs.
    pub fn to_json(&self) -> Value {
        let names = CARRIED.map(|family| format!("{family:?}").to_lowercase());
        let families = names.iter().zip(self.families);
        json!({
            "rows": self.rows,
            "bytes": self.bytes,
            "families": families.map(|(name, rows)| (name.clone(), json!(rows)))
                .collect::<serde_json::Map<_, _>>(),
            "digest": hex(&self.digest),
        })
    }
}

/// The place of a key's family in `CARRIED`; `None` for a key that no export carries.
pub fn place_of(key: &[u8]) -> Option<usize> {
    let first = key.first().copied();
    let mut families = CARRIED.iter();
    families.position(|family| Some(*family as u8) == first)
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of an even number of hexadecimal digits; `None` for other text.
pub fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).map(|value| value as u8))
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair[0] * 16 + pair[1])
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_round_trips_and_depends_on_order_and_bounds() {
        let tally = |rows: &[(&[u8], &[u8])]| {
            let mut tally = Tally::default();
            for (key, value) in rows {
                tally.add(key, value);
            }
            tally
        };
        let one = tally(&[(b"\x01a", b"bc"), (b"\x12d", b"")]);
        assert_eq!((one.rows, one.bytes), (2, 6));
        assert_eq!((one.families[0], one.families[7]), (1, 1));
        let mut bytes = Vec::new();
        one.encode(&mut bytes);
        assert_eq!(Tally::decode(&bytes.try_into().unwrap()), one);
        let others = [
            tally(&[(b"\x12d", b""), (b"\x01a", b"bc")]),
            tally(&[(b"\x01ab", b"c"), (b"\x12d", b"")]),
        ];
        assert!(others.iter().all(|other| other.digest != one.digest));
    }

    #[test]
    fn hexadecimal_round_trips_and_refuses_the_rest() {
        assert_eq!(bytes_of_hex(&hex(&[0, 255, 18])), Some(vec![0, 255, 18]));
        assert_eq!(bytes_of_hex("abc"), None);
        assert_eq!(bytes_of_hex("zz"), None);
    }
}
