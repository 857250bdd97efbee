//! What one attempt at a batch has fetched, joined with the rows kept in memory into the snapshot that it is decided on.
//!
//! All of it is the state at one version. A short page is completed by further reads before it is shown.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::row_cache::RowCache;
use super::transaction::ReadAnswer;
use crate::store::{Key, KeyRange, NotFetched, Read, Rows, Snapshot};

/// A range as it was asked for, and what has come of it.
#[derive(Debug, Default)]
struct Page {
    rows: Rows,
    bytes: usize,
    is_complete: bool,
}

/// What an attempt has fetched.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    values: BTreeMap<Key, Option<Bytes>>,
    pages: BTreeMap<Read, Page>,
}

impl Fetched {
    /// The value of a foreign key, or of an own one that was not kept.
    pub(super) fn put_value(&mut self, key: Key, value: Option<Bytes>) {
        self.values.insert(key, value);
    }

    /// Adds the answer to `asked`, which is `read` or the rest of it.
    pub(super) fn put_rows(&mut self, read: Read, answer: Rows) {
        let Read::Range {
            rows_max,
            bytes_max,
            ..
        } = read
        else {
            return;
        };
        let page = self.pages.entry(read).or_default();
        page.is_complete = !answer.more;
        page.rows.more = answer.more;
        for row in answer.rows {
            let is_full = page.rows.rows.len() >= rows_max.max(1) as usize
                || page.bytes + row.value.len() > bytes_max as usize;
            if is_full && !page.rows.rows.is_empty() {
                page.rows.more = true;
                page.is_complete = true;
                return;
            }
            page.bytes += row.value.len();
            page.rows.rows.push(row);
        }
        let is_at_limit =
            page.rows.rows.len() >= rows_max.max(1) as usize || page.bytes >= bytes_max as usize;
        page.is_complete |= is_at_limit;
    }

    /// What is still to be asked of the store for `reads`: each with the read that it serves.
    pub(super) fn missing(&self, reads: &[Read], cache: &RowCache) -> Vec<(Read, Read)> {
        let mut seen = BTreeSet::new();
        let wanted = reads.iter().filter(|read| seen.insert(**read));
        wanted
            .filter_map(|read| Some((*read, self.rest(read, cache)?)))
            .collect()
    }

    /// The read that is missing for `read`; `None` when all of it is here.
    fn rest(&self, read: &Read, cache: &RowCache) -> Option<Read> {
        match read {
            Read::Get(key) => {
                let is_here = cache.get(key).is_some() || self.values.contains_key(key);
                (!is_here).then_some(*read)
            }
            Read::Range {
                range,
                rows_max,
                bytes_max,
            } => {
                let Some(page) = self.pages.get(read) else {
                    return Some(*read);
                };
                if page.is_complete {
                    return None;
                }
                let last = page.rows.rows.last().map(|row| row.key);
                let begin = last.map_or(range.begin, |key| Key::of(&[key.as_slice(), &[0]]));
                Some(Read::Range {
                    range: KeyRange {
                        begin,
                        end: range.end,
                    },
                    rows_max: rows_max - page.rows.rows.len() as u32,
                    bytes_max: bytes_max - page.bytes as u32,
                })
            }
        }
    }
}

/// The snapshot of an attempt.
pub(super) struct View<'a> {
    pub(super) cache: &'a RowCache,
    pub(super) fetched: &'a Fetched,
}

impl Snapshot for View<'_> {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        let here = self.cache.get(key);
        here.or_else(|| self.fetched.values.get(key).cloned())
            .ok_or(NotFetched)
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let read = Read::Range {
            range: *range,
            rows_max,
            bytes_max,
        };
        match self.fetched.pages.get(&read) {
            Some(page) if page.is_complete => Ok(page.rows.clone()),
            _ => Err(NotFetched),
        }
    }
}

/// Sorts the answers to `asked` into what was fetched; own values go to `keep`.
pub(super) fn take_answers(
    asked: &[(Read, Read)],
    answers: Vec<ReadAnswer>,
    fetched: &mut Fetched,
    mut keep: impl FnMut(Key, &Option<Bytes>) -> bool,
) {
    assert_eq!(asked.len(), answers.len(), "one answer a read");
    for ((read, _), answer) in asked.iter().zip(answers) {
        match (read, answer) {
            (Read::Get(key), ReadAnswer::Value(value)) => {
                if !keep(*key, &value) {
                    fetched.put_value(*key, value);
                }
            }
            (Read::Range { .. }, ReadAnswer::Rows(rows)) => fetched.put_rows(*read, rows),
            (read, answer) => panic!("{answer:?} does not answer {read:?}"),
        }
    }
}
