//! Begin and end of an export's file. Integers are big-endian; each part ends with the CRC-32C of its bytes.
//!
//! ```text
//! header   magic 16 · format u32 · export id 16 · created_ms u64 · blocks u64 · tally · crc u32
//! blocks   see block.rs
//! trailer  "TAIL" · blocks u64 · tally · crc u32
//! tally    rows u64 · bytes u64 · rows of each family 9 x u64 · digest 32
//! ```
//! While a file is being written its header tells of no rows, and its name ends with `.part`.

use ringpost_storage_core::key::ExportId;

use super::tally::{TALLY_BYTES, Tally};

/// With what every export begins.
pub const MAGIC: [u8; 16] = *b"ringpost export\n";
/// Version of the format, and of the rows in it.
pub const FORMAT_VERSION: u32 = 1;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 16 + 4 + 16 + 8 + 8 + TALLY_BYTES + 4;
/// Bytes of the trailer.
pub const TRAILER_BYTES: usize = 4 + 8 + TALLY_BYTES + 4;

const TAIL: [u8; 4] = *b"TAIL";

/// What a file says of itself at its begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The export.
    pub id: ExportId,
    /// When it was begun, in milliseconds since 1970.
    pub created_ms: u64,
    /// What follows.
    pub contents: Contents,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The blocks.
    pub blocks: u64,
    /// The rows in them.
    pub tally: Tally,
}

/// Why a header or a trailer is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It begins otherwise.
    Magic,
    /// Of another version.
    Version(u32),
    /// Its checksum is wrong.
    Checksum,
}

impl Header {
    /// The header's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        out.extend_from_slice(&self.id.0);
        out.extend_from_slice(&self.created_ms.to_be_bytes());
        self.contents.put(&mut out);
        seal(out)
    }

    /// Reads a header.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, Unreadable> {
        if bytes[..16] != MAGIC {
            return Err(Unreadable::Magic);
        }
        let version = u32::from_be_bytes(at(bytes, 16));
        if version != FORMAT_VERSION {
            return Err(Unreadable::Version(version));
        }
        check_seal(bytes)?;
        Ok(Self {
            id: ExportId(at(bytes, 20)),
            created_ms: u64::from_be_bytes(at(bytes, 36)),
            contents: Contents::read(bytes, 44),
        })
    }
}

impl Contents {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.blocks.to_be_bytes());
        self.tally.encode(out);
    }

    fn read(bytes: &[u8], offset: usize) -> Self {
        Self {
            blocks: u64::from_be_bytes(at(bytes, offset)),
            tally: Tally::decode(&at(bytes, offset + 8)),
        }
    }

    /// The trailer's bytes.
    pub fn encode_trailer(&self) -> Vec<u8> {
        let mut out = TAIL.to_vec();
        self.put(&mut out);
        seal(out)
    }

    /// Reads a trailer.
    pub fn decode_trailer(bytes: &[u8; TRAILER_BYTES]) -> Result<Self, Unreadable> {
        if bytes[..4] != TAIL {
            return Err(Unreadable::Magic);
        }
        check_seal(bytes)?;
        Ok(Self::read(bytes, 4))
    }
}

fn at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[offset..offset + N]);
    array
}

/// Appends the checksum.
fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

fn check_seal(bytes: &[u8]) -> Result<(), Unreadable> {
    let end = bytes.len() - 4;
    let is_right = crc32c::crc32c(&bytes[..end]).to_be_bytes() == bytes[end..];
    is_right.then_some(()).ok_or(Unreadable::Checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_trailer_round_trip_and_notice_damage() {
        let mut tally = Tally::default();
        tally.add(b"\x01key", b"value");
        let header = Header {
            id: ExportId([7; 16]),
            created_ms: 1_700_000_000_000,
            contents: Contents { blocks: 3, tally },
        };
        let bytes: [u8; HEADER_BYTES] = header.encode().try_into().unwrap();
        assert_eq!(Header::decode(&bytes), Ok(header.clone()));
        let trailer: [u8; TRAILER_BYTES] = header.contents.encode_trailer().try_into().unwrap();
        assert_eq!(Contents::decode_trailer(&trailer), Ok(header.contents));
        let mut other = bytes;
        other[50] ^= 1;
        assert_eq!(Header::decode(&other), Err(Unreadable::Checksum));
        other[19] = 9;
        assert_eq!(Header::decode(&other), Err(Unreadable::Version(9)));
        other[0] = 0;
        assert_eq!(Header::decode(&other), Err(Unreadable::Magic));
    }
}
