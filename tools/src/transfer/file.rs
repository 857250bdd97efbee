//! Reads an export's file: what it says of itself, and its blocks one after another or at a place.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ringpost_storage_check::StoredRow;
use ringpost_storage_core::key::ExportId;
use ringpost_storage_core::store::KEY_BYTES_MAX;

use super::block::{BLOCK_HEADER_BYTES, BlockHeader};
use super::error::FormatError;
use super::header::{Contents, FORMAT_VERSION, HEADER_BYTES, Header, TRAILER_BYTES, Unreadable};
use super::tally::place_of;

/// An open export.
#[derive(Debug)]
pub struct ExportFile {
    path: PathBuf,
    file: File,
    header: Header,
    bytes: u64,
    /// The next block's number and place.
    next: u64,
    offset: u64,
}

impl ExportFile {
    /// Opens a whole export.
    ///
    /// # Errors
    /// The file cannot be read, or is no whole export. Blocks are checked as they are read.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let wrong = |action| FormatError::file(action, path);
        let mut file = File::open(path).map_err(wrong("open"))?;
        let bytes = file.metadata().map_err(wrong("read the length of"))?.len();
        if bytes < (HEADER_BYTES + TRAILER_BYTES) as u64 {
            return Err(FormatError::NotAnExport {
                path: path.to_owned(),
            });
        }
        let header = Header::decode(&read_at(&mut file, path, 0)?);
        let header = header.map_err(|error| unreadable(path, &error))?;
        let trailer = read_at(&mut file, path, bytes - TRAILER_BYTES as u64)?;
        if Contents::decode_trailer(&trailer).as_ref() != Ok(&header.contents) {
            let what = "its end is not what its begin says: it is not whole";
            return Err(FormatError::damaged(path, what));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            header,
            bytes,
            next: 0,
            offset: HEADER_BYTES as u64,
        })
    }

    /// The export.
    pub fn id(&self) -> ExportId {
        self.header.id
    }

    /// What it holds.
    pub fn contents(&self) -> &Contents {
        &self.header.contents
    }

    /// How much of the file lies before the next block, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        self.offset as f64 / self.bytes as f64
    }

    /// Number and place of the next block; `None` after the last.
    pub fn place(&self) -> Option<(u64, u64)> {
        (self.next < self.header.contents.blocks).then_some((self.next, self.offset))
    }

    /// Goes to a place that `place` told.
    pub fn go_to(&mut self, (number, offset): (u64, u64)) {
        (self.next, self.offset) = (number, offset);
    }

    /// Goes past `blocks` blocks from the begin.
    ///
    /// # Errors
    /// The file cannot be read, or has fewer blocks.
    pub fn skip_to(&mut self, blocks: u64) -> Result<(), FormatError> {
        while self.next < blocks {
            let header = self.block_header()?;
            self.advance(&header);
        }
        Ok(())
    }

    /// The rows of the next block; `None` after the last.
    ///
    /// # Errors
    /// The file cannot be read, or is not what was written.
    pub fn next_block(&mut self) -> Result<Option<Vec<StoredRow>>, FormatError> {
        if self.place().is_none() {
            return Ok(None);
        }
        let header = self.block_header()?;
        let mut bytes = vec![0; header.bytes as usize];
        self.file
            .read_exact(&mut bytes)
            .map_err(FormatError::file("read", &self.path))?;
        let rows = header.rows(&Bytes::from(bytes));
        let rows = rows.filter(|rows| are_carried(rows));
        let rows = rows.ok_or_else(|| self.damaged_block())?;
        self.advance(&header);
        Ok(Some(rows))
    }

    /// Reads the header of the next block; the block's rows are next in the file.
    fn block_header(&mut self) -> Result<BlockHeader, FormatError> {
        let bytes: [u8; BLOCK_HEADER_BYTES] = read_at(&mut self.file, &self.path, self.offset)?;
        let header = BlockHeader::decode(&bytes).filter(|header| header.number == self.next);
        header.ok_or_else(|| self.damaged_block())
    }

    fn advance(&mut self, header: &BlockHeader) {
        self.next += 1;
        self.offset += BLOCK_HEADER_BYTES as u64 + u64::from(header.bytes);
    }

    fn damaged_block(&self) -> FormatError {
        let (number, offset) = (self.next, self.offset);
        FormatError::damaged(
            &self.path,
            format!("block {number} at byte {offset} is not what was written"),
        )
    }
}

/// Whether the rows are such as an export carries, in the order of their keys.
fn are_carried(rows: &[StoredRow]) -> bool {
    let is_carried =
        |row: &StoredRow| place_of(&row.key).is_some() && row.key.len() <= KEY_BYTES_MAX;
    rows.iter().all(is_carried) && rows.windows(2).all(|pair| pair[0].key < pair[1].key)
}

fn read_at<const N: usize>(
    file: &mut File,
    path: &Path,
    offset: u64,
) -> Result<[u8; N], FormatError> {
    let mut bytes = [0; N];
    let read = file
        .seek(SeekFrom::Start(offset))
        .and_then(|_| file.read_exact(&mut bytes));
    read.map_err(FormatError::file("read", path))?;
    Ok(bytes)
}

fn unreadable(path: &Path, error: &Unreadable) -> FormatError {
    let path = path.to_owned();
    match error {
        Unreadable::Magic => FormatError::NotAnExport { path },
        Unreadable::Version(found) => FormatError::OtherVersion {
            path,
            found: *found,
            supported: FORMAT_VERSION,
        },
        Unreadable::Checksum => FormatError::damaged(&path, "its header is not what was written"),
    }
}
