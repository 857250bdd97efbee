//! The writes in a record: `kind u8 · key`, then `value bytes u32 · value` for a row, the end key for a range.
//! A key is `bytes u8 · bytes`. Little-endian. Damaged bytes are `None`, never a panic.

use bytes::Bytes;
use ringpost_storage_core::store::{Key, KeyRange, Row, Write};

const INSERT: u8 = 1;
const SET: u8 = 2;
const CLEAR: u8 = 3;
const CLEAR_RANGE: u8 = 4;

/// Appends one write.
pub(crate) fn encode(write: &Write, out: &mut Vec<u8>) {
    match write {
        Write::Insert(row) => encode_row(INSERT, row, out),
        Write::Set(row) => encode_row(SET, row, out),
        Write::Clear(key) => {
            out.push(CLEAR);
            encode_key(key, out);
        }
        Write::ClearRange(range) => {
            out.push(CLEAR_RANGE);
            encode_key(&range.begin, out);
            encode_key(&range.end, out);
        }
    }
}

/// The writes of a whole payload.
pub(crate) fn decode(mut payload: &[u8]) -> Option<Vec<Write>> {
    let mut writes = Vec::new();
    while !payload.is_empty() {
        writes.push(decode_one(&mut payload)?);
    }
    Some(writes)
}

fn decode_one(payload: &mut &[u8]) -> Option<Write> {
    let kind = take(payload, 1)?[0];
    let key = take_key(payload)?;
    match kind {
        INSERT => Some(Write::Insert(take_row(key, payload)?)),
        SET => Some(Write::Set(take_row(key, payload)?)),
        CLEAR => Some(Write::Clear(key)),
        CLEAR_RANGE => Some(Write::ClearRange(KeyRange {
            begin: key,
            end: take_key(payload)?,
        })),
        _ => None,
    }
}

fn encode_row(kind: u8, row: &Row, out: &mut Vec<u8>) {
    out.push(kind);
    encode_key(&row.key, out);
    out.extend_from_slice(&(row.value.len() as u32).to_le_bytes());
    out.extend_from_slice(&row.value);
}

fn encode_key(key: &Key, out: &mut Vec<u8>) {
    out.push(key.as_slice().len() as u8);
    out.extend_from_slice(key.as_slice());
}

fn take<'a>(payload: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let (taken, rest) = payload.split_at_checked(bytes)?;
    *payload = rest;
    Some(taken)
}

fn take_key(payload: &mut &[u8]) -> Option<Key> {
    let bytes = usize::from(take(payload, 1)?[0]);
    Key::from_slice(take(payload, bytes)?)
}

fn take_row(key: Key, payload: &mut &[u8]) -> Option<Row> {
    let bytes = u32::from_le_bytes(take(payload, 4)?.try_into().ok()?) as usize;
    Some(Row {
        key,
        value: Bytes::copy_from_slice(take(payload, bytes)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_come_back_and_cut_ones_do_not() {
        let row = Row {
            key: Key::of(&[b"key"]),
            value: Bytes::from_static(b"value"),
        };
        let writes = vec![
            Write::Insert(row.clone()),
            Write::Set(row),
            Write::Clear(Key::of(&[b"k"])),
            Write::ClearRange(KeyRange::prefix(Key::of(&[b"abc"]))),
        ];
        let mut bytes = Vec::new();
        let mut whole = vec![0];
        for write in &writes {
            encode(write, &mut bytes);
            whole.push(bytes.len());
        }
        assert_eq!(decode(&bytes), Some(writes));
        for cut in 0..bytes.len() {
            assert_eq!(
                decode(&bytes[..cut]).is_some(),
                whole.contains(&cut),
                "at {cut}"
            );
        }
        assert_eq!(decode(&[9, 0]), None);
    }
}
