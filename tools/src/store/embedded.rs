//! The store of a node on one machine, opened while no node has it open.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ringpost_storage_check::{Page, RowSource, SourceError, StoredRow};
use ringpost_storage_core::store::{KEY_BYTES_MAX, Key, KeyRange};
use ringpost_storage_core::{Retention, Rules};
use ringpost_storage_embedded::{EmbeddedStore, OpenError, Options};

use super::sink::writes;
use super::{RowSink, StoreError};

/// The folder of the store in a node's data directory.
const STORE_FOLDER: &str = "store";
/// The file by which a store's folder is known.
const FORMAT_FILE: &str = "FORMAT";

/// An embedded store.
#[derive(Debug)]
pub struct EmbeddedRows(EmbeddedStore);

impl EmbeddedRows {
    /// The folder of the store in or at `path`; `None` where there is none.
    pub fn folder(path: &Path) -> Option<PathBuf> {
        let folders = [path.join(STORE_FOLDER), path.to_owned()];
        let mut folders = folders.into_iter();
        folders.find(|folder| folder.join(FORMAT_FILE).is_file())
    }

    /// Opens the store in or at `path`, or makes one in the node's data directory `path`.
    pub fn open_or_make(path: &Path) -> Result<Self, StoreError> {
        Self::open(&Self::folder(path).unwrap_or_else(|| path.join(STORE_FOLDER)))
    }

    /// Opens the store in `folder`.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        // No command is run, so nothing asks for the rules.
        let rules = Rules {
            retention: Retention::UntilDelivered,
        };
        match EmbeddedStore::open_even_unfinished(Options::new(folder, rules)) {
            Ok(store) => Ok(Self(store)),
            Err(OpenError::InUse { .. }) => Err(StoreError::InUse {
                path: folder.to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }
}

impl RowSource for EmbeddedRows {
    fn page(
        &mut self,
        begin: &[u8],
        end: &[u8],
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<Page, SourceError> {
        let range = KeyRange {
            begin: at_or_after(begin),
            end: at_or_after(end),
        };
        let limit = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
        let found = self.0.rows(&range, limit(rows_max), limit(bytes_max));
        let found = found.map_err(|error| SourceError(error.into()))?;
        let rows = found.rows.into_iter().map(|row| StoredRow {
            key: Bytes::copy_from_slice(row.key.as_slice()),
            value: row.value,
        });
        Ok(Page {
            rows: rows.collect(),
            more: found.more,
        })
    }

    fn state(&mut self) -> Result<String, SourceError> {
        let (id, commit) = (self.0.id(), self.0.last_commit());
        Ok(format!("embedded {id:032x} {commit}"))
    }
}

impl RowSink for EmbeddedRows {
    fn apply(&mut self, sets: Vec<StoredRow>, clears: &[Bytes]) -> Result<(), SourceError> {
        let written = self.0.write(writes(sets, clears)?);
        written.map_err(|error| SourceError(error.into()))
    }
}

/// The first key that can be in the store and is not before `bytes`.
fn at_or_after(bytes: &[u8]) -> Key {
    if let Some(key) = Key::from_slice(bytes) {
        return key;
    }
    let longest = &bytes[..KEY_BYTES_MAX];
    let last_used = longest.iter().rposition(|byte| *byte < 0xff);
    let Some(last) = last_used else {
        return Key::of(&[longest]);
    };
    Key::of(&[&longest[..last], &[longest[last] + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_longer_than_keys_is_the_next_key() {
        let short = at_or_after(&[1, 2]);
        assert_eq!(short.as_slice(), [1, 2]);
        let long = [&[7_u8; 38][..], &[0xff, 0]].concat();
        let next = at_or_after(&long);
        assert!(next.as_slice() > &long[..]);
        assert_eq!(next.as_slice(), [&[7_u8; 37][..], &[8]].concat());
        assert_eq!(at_or_after(&[0xff; 60]).as_slice(), [0xff; KEY_BYTES_MAX]);
    }
}
