//! A block of an export: rows that one transaction of an import writes, with a checksum over all of it.
//!
//! ```text
//! block   "BLCK" · number u64, from 0 · rows u32 · bytes u32 · crc u32 of these numbers and the rows · rows
//! row     key length u8 · value length u32 · key · value
//! ```

use bytes::Bytes;
use ringpost_storage_check::StoredRow;

use super::limits::{BLOCK_BYTES_MAX, BLOCK_COST_MAX, ROW_COST_BYTES};

/// Bytes before a block's rows.
pub const BLOCK_HEADER_BYTES: usize = 24;
/// Bytes of a row's lengths.
const LENGTHS_BYTES: usize = 5;
const MAGIC: [u8; 4] = *b"BLCK";

/// What a block says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// Its number, from 0.
    pub number: u64,
    /// Its rows.
    pub rows: u32,
    /// Bytes of its rows with their lengths.
    pub bytes: u32,
    checksum: u32,
}

impl BlockHeader {
    /// Reads a header; `None` for other bytes.
    pub fn decode(bytes: &[u8; BLOCK_HEADER_BYTES]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (rows, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let header = Self {
            number: u64::from_be_bytes(*number),
            rows: u32::from_be_bytes(*rows),
            bytes: u32::from_be_bytes(*length),
            checksum: u32::from_be_bytes(rest.try_into().ok()?),
        };
        (*magic == MAGIC && header.bytes as usize <= BLOCK_BYTES_MAX).then_some(header)
    }

    fn sum(&self, rows: &[u8]) -> u32 {
        let numbers = [
            &self.number.to_be_bytes()[..],
            &self.rows.to_be_bytes(),
            &self.bytes.to_be_bytes(),
        ];
        crc32c::crc32c_append(crc32c::crc32c(&numbers.concat()), rows)
    }

    /// The rows of a block whose bytes after the header are `rows`; `None` when they are not what was written.
    pub fn rows(&self, rows: &Bytes) -> Option<Vec<StoredRow>> {
        if rows.len() != self.bytes as usize || self.sum(rows) != self.checksum {
            return None;
        }
        let mut rest = rows.clone();
        let rows_max = rest.len() / LENGTHS_BYTES;
        let mut found = Vec::with_capacity(rows_max.min(self.rows as usize));
        while !rest.is_empty() {
            let (key_bytes, after) = rest.split_first_chunk::<1>()?;
            let (value_bytes, _) = after.split_first_chunk()?;
            let key_bytes = usize::from(key_bytes[0]);
            let value_bytes = u32::from_be_bytes(*value_bytes) as usize;
            if rest.len() < LENGTHS_BYTES + key_bytes + value_bytes {
                return None;
            }
            let mut row = rest.split_to(LENGTHS_BYTES + key_bytes + value_bytes);
            let value = row.split_off(LENGTHS_BYTES + key_bytes);
            let key = row.split_off(LENGTHS_BYTES);
            found.push(StoredRow { key, value });
        }
        (found.len() == self.rows as usize).then_some(found)
    }
}

/// A block that is being filled.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    rows: u32,
    cost: usize,
    bytes: Vec<u8>,
}

impl BlockBuilder {
    /// Whether the row belongs to the next block. A block takes its first row whatever it costs.
    pub fn is_full_for(&self, row: &StoredRow) -> bool {
        self.rows > 0 && self.cost + cost(row) > BLOCK_COST_MAX
    }

    /// Takes a row, whose key is shorter than 256 bytes.
    pub fn push(&mut self, row: &StoredRow) {
        self.rows += 1;
        self.cost += cost(row);
        self.bytes.push(row.key.len() as u8);
        let value_bytes = row.value.len() as u32;
        self.bytes.extend_from_slice(&value_bytes.to_be_bytes());
        self.bytes.extend_from_slice(&row.key);
        self.bytes.extend_from_slice(&row.value);
    }

    /// Whether it holds no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The block's bytes; it is empty afterwards.
    pub fn take(&mut self, number: u64) -> Vec<u8> {
        let block = std::mem::take(self);
        let mut header = BlockHeader {
            number,
            rows: block.rows,
            bytes: block.bytes.len() as u32,
            checksum: 0,
        };
        header.checksum = header.sum(&block.bytes);
        let mut out = Vec::with_capacity(BLOCK_HEADER_BYTES + block.bytes.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&header.number.to_be_bytes());
        out.extend_from_slice(&header.rows.to_be_bytes());
        out.extend_from_slice(&header.bytes.to_be_bytes());
        out.extend_from_slice(&header.checksum.to_be_bytes());
        out.extend_from_slice(&block.bytes);
        out
    }
}

fn cost(row: &StoredRow) -> usize {
    row.key.len() + row.value.len() + ROW_COST_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &[u8], value_bytes: usize) -> StoredRow {
        StoredRow {
            key: Bytes::copy_from_slice(key),
            value: Bytes::from(vec![9; value_bytes]),
        }
    }

    fn read(block: &[u8]) -> Option<Vec<StoredRow>> {
        let (header, rows) = block.split_first_chunk()?;
        BlockHeader::decode(header)?.rows(&Bytes::copy_from_slice(rows))
    }

    #[test]
    fn a_block_round_trips_and_notices_every_changed_byte() {
        let rows = [row(b"\x01a", 3), row(b"\x02bb", 0)];
        let mut builder = BlockBuilder::default();
        rows.iter().for_each(|row| builder.push(row));
        let block = builder.take(5);
        assert_eq!(read(&block).unwrap(), rows);
        assert!(builder.is_empty());
        for place in 0..block.len() {
            let mut damaged = block.clone();
            damaged[place] ^= 4;
            assert_eq!(read(&damaged), None, "byte {place}");
        }
    }

    #[test]
    fn a_block_is_what_a_transaction_takes() {
        let mut builder = BlockBuilder::default();
        let large = row(b"\x02large", 90_000);
        assert!(!builder.is_full_for(&large));
        builder.push(&large);
        builder.push(&large);
        assert!(builder.is_full_for(&large));
        assert!(!builder.is_full_for(&row(b"\x02small", 10)));
    }
}
