//! The format of the journal: a header, then entries of `bytes u32 · crc32c u32 · record`, little-endian.
//!
//! The checksum covers the length and the record. A length of 0 is no entry, so a tail of zeros is not one either.

use ringpost_client_core::Record;

use crate::limits::RECORD_BYTES_MAX;

/// The first bytes of every journal: the name of the format and its version.
pub(super) const HEADER: &[u8; 16] = b"ringpost-client1";

const PREFIX_BYTES: usize = 8;

/// What stands at the head of the rest of a journal.
pub(super) enum Entry<'a> {
    /// A whole entry, and what follows it.
    Whole(Record, &'a [u8]),
    /// The end.
    End,
    /// Not an entry. `after` is what follows if its length is to be believed.
    Broken { after: Option<&'a [u8]> },
}

/// Appends `record` as an entry.
pub(super) fn encode(record: &Record, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_BYTES]);
    record.encode(out);
    let bytes = (out.len() - start - PREFIX_BYTES) as u32;
    out[start..start + 4].copy_from_slice(&bytes.to_le_bytes());
    let crc = checksum(bytes, &out[start + PREFIX_BYTES..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

fn checksum(bytes: u32, record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes.to_le_bytes()), record)
}

/// Looks at the head of `rest`.
pub(super) fn decode(rest: &[u8]) -> Entry<'_> {
    if rest.is_empty() {
        return Entry::End;
    }
    let broken = Entry::Broken { after: None };
    let Some((bytes, tail)) = rest.split_first_chunk::<4>() else {
        return broken;
    };
    let Some((crc, tail)) = tail.split_first_chunk::<4>() else {
        return broken;
    };
    let bytes = u32::from_le_bytes(*bytes);
    let length = bytes as usize;
    if length == 0 || length > RECORD_BYTES_MAX || length > tail.len() {
        return broken;
    }
    let (record, after) = tail.split_at(length);
    if checksum(bytes, record) != u32::from_le_bytes(*crc) {
        return Entry::Broken { after: Some(after) };
    }
    match Record::decode(record) {
        Ok(record) => Entry::Whole(record, after),
        Err(_) => Entry::Broken { after: Some(after) },
    }
}
