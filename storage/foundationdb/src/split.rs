//! Splits rows for bulk writing into transactions, by bytes.
//!
//! Invariant: the parts together are the rows, in order, none empty; a part is over the aim only if it is one row.

use bytes::Bytes;

use crate::limits::WRITE_BYTES_AIM;

/// A key without the store's prefix, and its value.
pub type RawRow = (Bytes, Bytes);

/// The parts of `rows`, each of at most `WRITE_BYTES_AIM` bytes or of one row. `row_bytes` is what a row costs beside its own.
pub fn parts(rows: &[RawRow], row_bytes: usize) -> Vec<&[RawRow]> {
    let mut parts = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    for (place, (key, value)) in rows.iter().enumerate() {
        let cost = key.len() + value.len() + row_bytes;
        if bytes + cost > WRITE_BYTES_AIM && place > begin {
            parts.push(&rows[begin..place]);
            (begin, bytes) = (place, 0);
        }
        bytes += cost;
    }
    if begin < rows.len() {
        parts.push(&rows[begin..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: usize) -> RawRow {
        (Bytes::from_static(b"key"), Bytes::from(vec![7; bytes]))
    }

    #[test]
    fn parts_keep_the_rows_and_the_aim() {
        let sizes = [1, WRITE_BYTES_AIM, 5, 100_000, 100_000, 100_000, 0];
        let rows: Vec<RawRow> = sizes.into_iter().map(row).collect();
        let parts = parts(&rows, 10);
        assert_eq!(parts.concat(), rows);
        let bytes = |part: &[RawRow]| {
            part.iter()
                .map(|(_, value)| value.len() + 13)
                .sum::<usize>()
        };
        assert!(
            parts
                .iter()
                .all(|part| part.len() == 1 || bytes(part) <= WRITE_BYTES_AIM)
        );
        assert_eq!(parts.len(), 4);
    }

    #[test]
    fn no_rows_have_no_parts() {
        assert!(parts(&[], 10).is_empty());
    }
}
