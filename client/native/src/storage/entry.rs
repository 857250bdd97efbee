//! The format of the journal: a header, then entries of `bytes u32 · crc32c u32 · record`, little-endian.
//!
//! The highest bit of the length says that everything before the entry was synced when it was written. The checksum covers the length
//! and the record. A length of 0 is no entry, so a tail of zeros is not one either.

use ringpost_client_core::Record;

use crate::limits::RECORD_BYTES_MAX;

/// The first bytes of every journal: the name of the format and its version.
pub(super) const HEADER: &[u8; 16] = b"ringpost-client1";

const PREFIX_BYTES: usize = 8;
const FOLLOWS_SYNC: u32 = 1 << 31;

const _: () = assert!(RECORD_BYTES_MAX < FOLLOWS_SYNC as usize);

/// What stands at the head of the rest of a journal.
pub(super) enum Entry<'a> {
    /// A whole entry, and what follows it.
    Whole {
        record: Record,
        /// What is before it was synced when it was written.
        follows_sync: bool,
        after: &'a [u8],
    },
    /// The end.
    End,
    /// Not an entry.
    Broken,
}

/// Appends `record` as an entry.
pub(super) fn encode(record: &Record, follows_sync: bool, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_BYTES]);
    record.encode(out);
    let bytes = (out.len() - start - PREFIX_BYTES) as u32 | u32::from(follows_sync) << 31;
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
    let Some((bytes, tail)) = rest.split_first_chunk::<4>() else {
        return Entry::Broken;
    };
    let Some((crc, tail)) = tail.split_first_chunk::<4>() else {
        return Entry::Broken;
    };
    let bytes = u32::from_le_bytes(*bytes);
    let length = (bytes & !FOLLOWS_SYNC) as usize;
    if length == 0 || length > RECORD_BYTES_MAX || length > tail.len() {
        return Entry::Broken;
    }
    let (record, after) = tail.split_at(length);
    if checksum(bytes, record) != u32::from_le_bytes(*crc) {
        return Entry::Broken;
    }
    Record::decode(record).map_or(Entry::Broken, |record| Entry::Whole {
        record,
        follows_sync: bytes & FOLLOWS_SYNC != 0,
        after,
    })
}

/// Whether an entry behind a broken one shows that the broken one was synced: then a torn write does not explain it.
pub(super) fn was_synced(broken: &[u8]) -> bool {
    let is_later = |at: usize| {
        let entry = decode(&broken[at..]);
        matches!(entry, Entry::Whole { follows_sync, .. } if follows_sync)
    };
    (1..broken.len()).any(is_later)
}
