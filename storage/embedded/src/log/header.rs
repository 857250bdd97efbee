//! The header of a segment: 64 bytes, little-endian.
//!
//! `magic [8] · format u32 · crc32c of all other bytes u32 · segment u64 · first record u64 · store [16] · 0 [16]`

use crate::directory::{FORMAT_VERSION, StoreId};

/// Bytes of a header.
pub(crate) const HEADER_BYTES: usize = 64;

const MAGIC: [u8; 8] = *b"RPCOMMIT";

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Its number.
    pub segment: u64,
    /// The number of its first record.
    pub first_record: u64,
    /// Its store.
    pub store: StoreId,
}

impl SegmentHeader {
    /// The header's bytes.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.segment.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_record.to_le_bytes());
        bytes[32..48].copy_from_slice(&self.store.0.to_le_bytes());
        let checksum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header at the begin of `bytes`; `None` if it is not one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
        let is_header = bytes[..8] == MAGIC
            && bytes[8..12] == FORMAT_VERSION.to_le_bytes()
            && bytes[12..16] == checksum(bytes).to_le_bytes();
        is_header.then(|| Self {
            segment: u64::from_le_bytes(part(bytes, 16)),
            first_record: u64::from_le_bytes(part(bytes, 24)),
            store: StoreId(u128::from_le_bytes(part(bytes, 32))),
        })
    }
}

fn checksum(bytes: &[u8; HEADER_BYTES]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..])
}

fn part<const N: usize>(bytes: &[u8; HEADER_BYTES], start: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[start..start + N]);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_noticed() {
        let header = SegmentHeader {
            segment: 7,
            first_record: 900,
            store: StoreId(5),
        };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::decode(&bytes), Some(header));
        for bit in 0..HEADER_BYTES * 8 {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&changed), None, "bit {bit}");
        }
    }
}
