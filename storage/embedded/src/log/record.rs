//! One record: `payload bytes u32 · crc32c of all else u32 · number u64 · payload`, little-endian, padded to 8 bytes.
//!
//! The checksum begins with the store and the segment, so that a record of another place is never taken for one.

use crate::directory::StoreId;
use crate::limits::RECORD_BYTES_MAX;

/// Bytes before the payload.
pub(crate) const RECORD_HEADER_BYTES: usize = 16;
/// Records begin at multiples of this.
pub(crate) const RECORD_ALIGNMENT: usize = 8;

/// The checksums of one segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordSeal {
    seed: u32,
}

/// A record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// Its number.
    pub number: u64,
    /// Its writes.
    pub payload: &'a [u8],
    /// Bytes up to the next record.
    pub bytes: usize,
}

impl RecordSeal {
    /// The checksums of a segment.
    pub fn new(store: StoreId, segment: u64) -> Self {
        let seed = crc32c::crc32c(&store.0.to_le_bytes());
        Self {
            seed: crc32c::crc32c_append(seed, &segment.to_le_bytes()),
        }
    }

    /// Completes a record: `buffer` is 16 bytes of room and the payload.
    pub fn seal(&self, buffer: &mut Vec<u8>, number: u64) {
        let payload_bytes = buffer.len() - RECORD_HEADER_BYTES;
        assert!(payload_bytes <= RECORD_BYTES_MAX, "bounded by the writer");
        buffer[..4].copy_from_slice(&(payload_bytes as u32).to_le_bytes());
        buffer[8..16].copy_from_slice(&number.to_le_bytes());
        let checksum = self.checksum(buffer);
        buffer[4..8].copy_from_slice(&checksum.to_le_bytes());
        buffer.resize(buffer.len().next_multiple_of(RECORD_ALIGNMENT), 0);
    }

    /// The record at the begin of `bytes`; `None` if there is no whole one.
    pub fn open<'a>(&self, bytes: &'a [u8]) -> Option<Record<'a>> {
        let header = bytes.get(..RECORD_HEADER_BYTES)?;
        let payload_bytes = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
        let number = u64::from_le_bytes(header[8..].try_into().ok()?);
        let end = RECORD_HEADER_BYTES + payload_bytes;
        if payload_bytes > RECORD_BYTES_MAX || number == 0 {
            return None;
        }
        let whole = bytes.get(..end)?;
        let checksum = u32::from_le_bytes(header[4..8].try_into().ok()?);
        (self.checksum(whole) == checksum).then_some(Record {
            number,
            payload: &whole[RECORD_HEADER_BYTES..],
            bytes: end.next_multiple_of(RECORD_ALIGNMENT),
        })
    }

    /// Whether any whole record with a number above `number` stands in `bytes`, which begin at a multiple of 8.
    pub fn later_stands_in(&self, bytes: &[u8], number: u64) -> bool {
        let most = number.saturating_add((bytes.len() / RECORD_HEADER_BYTES) as u64);
        (0..bytes.len())
            .step_by(RECORD_ALIGNMENT)
            .any(|offset| self.is_between(&bytes[offset..], number, most))
    }

    /// The number is looked at first: few places need their checksum computed.
    fn is_between(&self, bytes: &[u8], number: u64, most: u64) -> bool {
        let Some(field) = bytes.get(8..16).and_then(|field| field.try_into().ok()) else {
            return false;
        };
        let found = u64::from_le_bytes(field);
        found > number && found <= most && self.open(bytes).is_some()
    }

    fn checksum(&self, record: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c_append(self.seed, &record[..4]), &record[8..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(seal: &RecordSeal, number: u64, payload: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; RECORD_HEADER_BYTES];
        buffer.extend_from_slice(payload);
        seal.seal(&mut buffer, number);
        buffer
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let seal = RecordSeal::new(StoreId(3), 4);
        let bytes = sealed(&seal, 9, b"thirteen bytes");
        let record = seal.open(&bytes).unwrap();
        assert_eq!((record.number, record.payload), (9, &b"thirteen bytes"[..]));
        assert_eq!(record.bytes, bytes.len());
        for bit in 0..(RECORD_HEADER_BYTES + 14) * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(seal.open(&changed), None, "bit {bit}");
        }
    }

    #[test]
    fn a_record_of_another_segment_or_store_is_none() {
        let bytes = sealed(&RecordSeal::new(StoreId(3), 4), 9, b"x");
        assert_eq!(RecordSeal::new(StoreId(3), 5).open(&bytes), None);
        assert_eq!(RecordSeal::new(StoreId(2), 4).open(&bytes), None);
    }

    #[test]
    fn later_records_are_found_and_earlier_ones_are_not() {
        let seal = RecordSeal::new(StoreId(3), 4);
        let mut bytes = vec![0xee; 64];
        bytes.extend(sealed(&seal, 9, b"x"));
        assert!(seal.later_stands_in(&bytes, 8));
        assert!(!seal.later_stands_in(&bytes, 9));
        assert!(!seal.later_stands_in(&bytes[..bytes.len() - 8], 8));
    }
}
