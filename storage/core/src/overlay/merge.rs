//! A range as the batch sees it: the snapshot's rows, without what was cleared, with what was written.

use super::layer::Entry;
use crate::store::{Key, KeyRange, Row, Rows};

/// Merges `stored` with `entries`, both ascending and inside `range`; an entry says more than a stored row.
///
/// Where `stored` was cut, entries behind its last row wait for the next page: rows between them may be missing. The key
/// is where a further page begins.
pub(super) fn merge<'e>(
    range: &KeyRange,
    stored: Rows,
    entries: impl Iterator<Item = (&'e Key, &'e Entry)>,
    is_cleared: impl Fn(&Key) -> bool,
    rows_max: u32,
    bytes_max: u32,
) -> (Rows, Key) {
    let end = match stored.rows.last() {
        Some(row) if stored.more => row.key.next(),
        _ => range.end,
    };
    let mut page = Page {
        rows: Rows {
            rows: Vec::with_capacity(stored.rows.len()),
            more: stored.more,
        },
        bytes: 0,
        rows_max: rows_max.max(1) as usize,
        bytes_max: bytes_max as usize,
    };
    let mut stored = stored.rows.into_iter().peekable();
    for (key, entry) in entries.take_while(|(key, _)| **key < end) {
        while let Some(row) = stored.next_if(|row| row.key < *key) {
            if !is_cleared(&row.key) && !page.push(row) {
                return (page.rows, end);
            }
        }
        let _replaced = stored.next_if(|row| row.key == *key);
        if let Some(value) = &entry.value
            && !page.push(Row {
                key: *key,
                value: value.clone(),
            })
        {
            return (page.rows, end);
        }
    }
    for row in stored {
        if !is_cleared(&row.key) && !page.push(row) {
            break;
        }
    }
    (page.rows, end)
}

/// Rows until a limit is reached.
struct Page {
    rows: Rows,
    bytes: usize,
    rows_max: usize,
    bytes_max: usize,
}

impl Page {
    /// Adds `row`; `false` when it has no room, which leaves the page cut.
    fn push(&mut self, row: Row) -> bool {
        self.bytes += row.value.len();
        let is_full = self.rows.rows.len() >= self.rows_max || self.bytes > self.bytes_max;
        if is_full && !self.rows.rows.is_empty() {
            self.rows.more = true;
            return false;
        }
        self.rows.rows.push(row);
        true
    }
}
