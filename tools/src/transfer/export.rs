//! Writes all rows of chats and users of a store to a file. What was interrupted goes on where the last checkpoint is.

use std::path::PathBuf;

use ringpost_storage_check::{RowSource, StoredRow, key_text, strange_ranges};
use ringpost_storage_core::key::{ExportId, Family};
use ringpost_storage_core::store::KEY_BYTES_MAX;

use super::checkpoint::Checkpoint;
use super::error::ExportError;
use super::header::{Contents, Header};
use super::limits::{PAGE_BYTES_MAX, PAGE_ROWS_MAX, VALUE_BYTES_MAX};
use super::tally::{CARRIED, Tally};
use super::writer::ExportWriter;

/// How an export is made.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// The file.
    pub file: PathBuf,
    /// Begin again where an unfinished export is.
    pub is_restart: bool,
    /// Blocks between two checkpoints.
    pub checkpoint_blocks: u64,
}

/// What a new export is called.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Its id.
    pub id: ExportId,
    /// The time, in milliseconds since 1970.
    pub now_ms: u64,
}

/// Writes an export. `observe` is told the fraction that is done, and what it comes to.
///
/// # Errors
/// [`ExportError`]; the same export can be asked for again, and goes on.
pub fn export(
    source: &mut dyn RowSource,
    options: &ExportOptions,
    stamp: Stamp,
    observe: &mut dyn FnMut(f64, &Tally),
) -> Result<Contents, ExportError> {
    if options.file.exists() {
        return Err(ExportError::Exists {
            path: options.file.clone(),
        });
    }
    let state = source.state()?;
    refuse_strangers(source)?;
    let mut writer = begin_or_resume(options, stamp, &state)?;
    for (place, family) in CARRIED.into_iter().enumerate() {
        let byte = family as u8;
        let last = writer.last_key();
        let mut begin = match last.first() {
            Some(first) if *first > byte => continue,
            Some(first) if *first == byte => [last, &[0]].concat(),
            _ => vec![byte],
        };
        loop {
            let page = source.page(&begin, &[byte + 1], PAGE_ROWS_MAX, PAGE_BYTES_MAX)?;
            for row in &page.rows {
                check(row)?;
                writer.push(row)?;
            }
            if let Some(row) = page.rows.last() {
                begin = [&row.key[..], &[0]].concat();
                observe(fraction(place, &row.key), writer.tally());
            }
            if !page.more {
                break;
            }
        }
    }
    if source.state()? != state {
        return Err(ExportError::Running);
    }
    Ok(writer.finish()?)
}

fn begin_or_resume(
    options: &ExportOptions,
    stamp: Stamp,
    state: &str,
) -> Result<ExportWriter, ExportError> {
    let path = Checkpoint::path(&options.file);
    let unfinished = match options.is_restart {
        true => None,
        false => Checkpoint::read(&path)?,
    };
    let Some(checkpoint) = unfinished else {
        let header = Header {
            id: stamp.id,
            created_ms: stamp.now_ms,
            contents: Contents::default(),
        };
        let every = options.checkpoint_blocks;
        let begun = ExportWriter::begin(&options.file, header, state.to_owned(), every);
        return Ok(begun?);
    };
    if checkpoint.source_state != state {
        return Err(ExportError::Moved { path });
    }
    let resumed = ExportWriter::resume(&options.file, checkpoint, options.checkpoint_blocks);
    Ok(resumed?)
}

/// A store with rows that an export does not know is not carried by half.
fn refuse_strangers(source: &mut dyn RowSource) -> Result<(), ExportError> {
    let import = Family::Import as u8;
    let mut ranges = strange_ranges();
    ranges.push((vec![import], vec![import + 1]));
    for (begin, end) in ranges {
        let page = source.page(&begin, &end, 1, PAGE_BYTES_MAX)?;
        if let Some(row) = page.rows.first() {
            let is_import = row.key.first() == Some(&import);
            return Err(ExportError::Row {
                key: key_text(&row.key),
                why: match is_import {
                    true => "the store holds an unfinished import",
                    false => "it is of no known family",
                },
            });
        }
    }
    Ok(())
}

fn check(row: &StoredRow) -> Result<(), ExportError> {
    let refused = |why| {
        let key = key_text(&row.key);
        Err(ExportError::Row { key, why })
    };
    if row.key.len() > KEY_BYTES_MAX {
        return refused("its key is too long");
    }
    if row.value.len() > VALUE_BYTES_MAX {
        return refused("its value is too long");
    }
    Ok(())
}

/// How much of a store is in each family of `CARRIED`, in percent, as far as one can tell beforehand.
const WEIGHTS: [u8; CARRIED.len()] = [10, 60, 10, 1, 2, 4, 5, 4, 4];

/// How much lies before a key of the family at `place`, from 0 to 1: ids are as good as random.
pub(super) fn fraction(place: usize, key: &[u8]) -> f64 {
    let digits = [1, 2, 3].map(|place| key.get(place).copied().unwrap_or_default());
    let id = u32::from_be_bytes([0, digits[0], digits[1], digits[2]]);
    let in_family = f64::from(id) / f64::from(1_u32 << 24);
    let before: u32 = WEIGHTS[..place].iter().copied().map(u32::from).sum();
    (f64::from(before) + f64::from(WEIGHTS[place]) * in_family) / 100.0
}
