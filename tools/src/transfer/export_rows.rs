//! The rows of an export as those of a store: what reads stores can read exports.

use std::path::Path;

use ringpost_storage_check::{Page, RowSource, SourceError};

use super::error::FormatError;
use super::file::ExportFile;

/// An export that is read like a store. Holds the first key and the place of every block.
#[derive(Debug)]
pub struct ExportRows {
    file: ExportFile,
    blocks: Vec<(Vec<u8>, (u64, u64))>,
}

impl ExportRows {
    /// Opens a whole export and reads it once, for the places of its blocks.
    ///
    /// # Errors
    /// The file cannot be read or is no whole export.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let read = || {
            let mut file = ExportFile::open(path)?;
            let mut blocks = Vec::new();
            while let Some(place) = file.place() {
                let rows = file.next_block()?.unwrap_or_default();
                let first = rows.first().map(|row| row.key.to_vec());
                blocks.push((first.unwrap_or_default(), place));
            }
            Ok(Self { file, blocks })
        };
        read().map_err(|error: FormatError| SourceError(error.into()))
    }
}

impl RowSource for ExportRows {
    /// The page ends with a block whatever the limits are: a block is bounded.
    fn page(
        &mut self,
        begin: &[u8],
        end: &[u8],
        _rows_max: usize,
        _bytes_max: usize,
    ) -> Result<Page, SourceError> {
        let after = self
            .blocks
            .partition_point(|(first, _)| &first[..] <= begin);
        let mut page = Page::default();
        for (place, (first, at)) in self.blocks.iter().enumerate().skip(after.saturating_sub(1)) {
            if &first[..] >= end {
                return Ok(page);
            }
            self.file.go_to(*at);
            let block = self.file.next_block();
            let block = block.map_err(|error| SourceError(error.into()))?;
            let mut rows = block.unwrap_or_default();
            rows.retain(|row| begin <= &row.key[..] && &row.key[..] < end);
            if !rows.is_empty() {
                page.rows = rows;
                page.more = place + 1 < self.blocks.len();
                return Ok(page);
            }
        }
        Ok(page)
    }

    fn state(&mut self) -> Result<String, SourceError> {
        let id = u128::from_be_bytes(self.file.id().0);
        Ok(format!("export {id:032x}"))
    }
}
