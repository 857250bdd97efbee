//! Reads an export into an empty store, a block a commit, and checks in the end that the store holds what the file does.
//!
//! A row of progress is part of every commit. What was interrupted goes on after the last commit, whatever became known of it.

use bytes::Bytes;
use ringpost_storage_check::{StoredRow, key_text, strange_ranges};
use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::{Import, Row as _};
use ringpost_storage_core::store::Key;

use super::error::ImportError;
use super::export::fraction;
use super::file::ExportFile;
use super::limits::{PAGE_BYTES_MAX, PAGE_ROWS_MAX};
use super::tally::{CARRIED, Tally};
use crate::store::RowSink;

/// What an import is at: told with the fraction that is done, and the rows so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportPhase {
    /// Rows are written.
    Writing,
    /// The store is read and compared with the file.
    Comparing,
}

/// Reads an export into a store.
///
/// # Errors
/// [`ImportError`]; the same import can be asked for again, and goes on.
pub fn import(
    file: &mut ExportFile,
    target: &mut dyn RowSink,
    observe: &mut dyn FnMut(ImportPhase, f64, u64),
) -> Result<Tally, ImportError> {
    let key = key::import::encode(file.id());
    let Some(mut progress) = begun(target, &key)? else {
        return refuse_others(file, target, observe);
    };
    file.skip_to(progress.blocks)?;
    while let Some(mut rows) = file.next_block()? {
        progress.blocks += 1;
        progress.rows += rows.len() as u64;
        rows.push(StoredRow {
            key: Bytes::copy_from_slice(key.as_slice()),
            value: progress.to_bytes(),
        });
        target.apply(rows, &[])?;
        observe(ImportPhase::Writing, file.fraction(), progress.rows);
    }
    let found = tally(target, observe)?;
    let expected = &file.contents().tally;
    if found != *expected {
        return Err(ImportError::NotTheSame {
            expected: expected.rows,
            found: found.rows,
        });
    }
    target.apply(Vec::new(), &[Bytes::copy_from_slice(key.as_slice())])?;
    Ok(found)
}

/// How far this import has come; `None` where the store holds rows and no import is under way.
fn begun(target: &mut dyn RowSink, key: &Key) -> Result<Option<Import>, ImportError> {
    let family = Family::Import as u8;
    let imports = target.page(&[family], &[family + 1], 2, PAGE_BYTES_MAX)?;
    if let Some(other) = imports.rows.iter().find(|row| row.key != key.as_slice()) {
        let key = key_text(&other.key);
        return Err(ImportError::OtherImport { key });
    }
    if let Some(row) = imports.rows.first() {
        let progress = Import::decode(&row.value).map_err(|damage| ImportError::Progress {
            key: key_text(&row.key),
            what: damage.what,
        });
        return progress.map(Some);
    }
    Ok(match first_row(target)? {
        Some(_) => None,
        None => Some(Import { blocks: 0, rows: 0 }),
    })
}

/// The first row that an import would not have found in an empty store.
fn first_row(target: &mut dyn RowSink) -> Result<Option<StoredRow>, ImportError> {
    let mut ranges = strange_ranges();
    ranges.extend(CARRIED.map(|family| (vec![family as u8], vec![family as u8 + 1])));
    for (begin, end) in ranges {
        let page = target.page(&begin, &end, 1, PAGE_BYTES_MAX)?;
        if let Some(row) = page.rows.into_iter().next() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// An error, unless the store holds just what the file does: then an import came to its end and nobody learned of it.
fn refuse_others(
    file: &mut ExportFile,
    target: &mut dyn RowSink,
    observe: &mut dyn FnMut(ImportPhase, f64, u64),
) -> Result<Tally, ImportError> {
    let found = first_row(target)?;
    let first = file.next_block()?.unwrap_or_default().into_iter().next();
    if found == first {
        let tally = tally(target, observe)?;
        if tally == file.contents().tally {
            return Ok(tally);
        }
    }
    let key = found.map_or_else(String::new, |row| key_text(&row.key));
    Err(ImportError::NotEmpty { key })
}

/// What the rows of chats and users in a store come to.
fn tally(
    target: &mut dyn RowSink,
    observe: &mut dyn FnMut(ImportPhase, f64, u64),
) -> Result<Tally, ImportError> {
    let mut tally = Tally::default();
    for (place, family) in CARRIED.into_iter().enumerate() {
        let mut begin = vec![family as u8];
        loop {
            let end = [family as u8 + 1];
            let page = target.page(&begin, &end, PAGE_ROWS_MAX, PAGE_BYTES_MAX)?;
            for row in &page.rows {
                tally.add(&row.key, &row.value);
            }
            if let Some(row) = page.rows.last() {
                begin = [&row.key[..], &[0]].concat();
                let done = fraction(place, &row.key);
                observe(ImportPhase::Comparing, done, tally.rows);
            }
            if !page.more {
                break;
            }
        }
    }
    Ok(tally)
}
