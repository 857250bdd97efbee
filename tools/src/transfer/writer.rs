//! Writes an export's file: blocks one after another, checkpoints between them, and its name only when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ringpost_storage_check::StoredRow;

use super::block::BlockBuilder;
use super::checkpoint::{Checkpoint, sync_folder_of, with_ending};
use super::error::FormatError;
use super::header::{Contents, HEADER_BYTES, Header};
use super::tally::Tally;

/// An export being written.
#[derive(Debug)]
pub struct ExportWriter {
    path: PathBuf,
    part: PathBuf,
    file: File,
    block: BlockBuilder,
    /// Rows in the file and in the open block.
    tally: Tally,
    /// What is in the file.
    written: Checkpoint,
    checkpoint_blocks: u64,
}

impl ExportWriter {
    /// Begins the export `header`, of no rows yet, in place of an unfinished one.
    pub fn begin(
        path: &Path,
        header: Header,
        source_state: String,
        checkpoint_blocks: u64,
    ) -> Result<Self, FormatError> {
        let part = with_ending(path, ".part");
        let mut file = open(&part, true)?;
        file.write_all(&header.encode())
            .map_err(FormatError::file("write", &part))?;
        let written = Checkpoint {
            source_state,
            header,
            file_bytes: HEADER_BYTES as u64,
            last_key: Vec::new(),
        };
        let mut writer = Self::of(path, part, file, (written, checkpoint_blocks));
        writer.checkpoint()?;
        Ok(writer)
    }

    /// Goes on with an unfinished export.
    pub fn resume(
        path: &Path,
        checkpoint: Checkpoint,
        checkpoint_blocks: u64,
    ) -> Result<Self, FormatError> {
        let part = with_ending(path, ".part");
        let mut file = open(&part, false)?;
        let wrong = |action| FormatError::file(action, &part);
        let bytes = file.metadata().map_err(wrong("read the length of"))?.len();
        if bytes < checkpoint.file_bytes {
            let what = "it is shorter than its checkpoint says";
            return Err(FormatError::damaged(&part, what));
        }
        file.set_len(checkpoint.file_bytes)
            .map_err(wrong("shorten"))?;
        file.seek(SeekFrom::End(0)).map_err(wrong("seek in"))?;
        Ok(Self::of(path, part, file, (checkpoint, checkpoint_blocks)))
    }

    fn of(
        path: &Path,
        part: PathBuf,
        file: File,
        (written, checkpoint_blocks): (Checkpoint, u64),
    ) -> Self {
        Self {
            path: path.to_owned(),
            part,
            file,
            block: BlockBuilder::default(),
            tally: written.header.contents.tally.clone(),
            written,
            checkpoint_blocks,
        }
    }

    /// The last row's key; empty for none.
    pub fn last_key(&self) -> &[u8] {
        &self.written.last_key
    }

    /// What was pushed so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Appends the next row.
    pub fn push(&mut self, row: &StoredRow) -> Result<(), FormatError> {
        if self.block.is_full_for(row) {
            self.write_block()?;
            let blocks = self.written.header.contents.blocks;
            if blocks.is_multiple_of(self.checkpoint_blocks) {
                self.checkpoint()?;
            }
        }
        self.block.push(row);
        self.tally.add(&row.key, &row.value);
        self.written.last_key = row.key.to_vec();
        Ok(())
    }

    fn write_block(&mut self) -> Result<(), FormatError> {
        let contents = &mut self.written.header.contents;
        let block = self.block.take(contents.blocks);
        self.file
            .write_all(&block)
            .map_err(FormatError::file("write", &self.part))?;
        contents.blocks += 1;
        contents.tally = self.tally.clone();
        self.written.file_bytes += block.len() as u64;
        Ok(())
    }

    /// Notes how far the file reaches. To be called only with no open block.
    fn checkpoint(&mut self) -> Result<(), FormatError> {
        assert!(self.block.is_empty(), "a checkpoint is between two blocks");
        self.sync()?;
        self.written.write(&Checkpoint::path(&self.path))
    }

    fn sync(&self) -> Result<(), FormatError> {
        let synced = self.file.sync_all();
        synced.map_err(FormatError::file("sync", &self.part))
    }

    /// Ends the file and gives it its name.
    pub fn finish(mut self) -> Result<Contents, FormatError> {
        if !self.block.is_empty() {
            self.write_block()?;
        }
        let header = self.written.header.clone();
        let wrong = |action| FormatError::file(action, &self.part);
        let trailer = header.contents.encode_trailer();
        self.file.write_all(&trailer).map_err(wrong("write"))?;
        self.sync()?;
        // The counts at the begin say that all is there: only once it is.
        self.file.rewind().map_err(wrong("seek in"))?;
        self.file
            .write_all(&header.encode())
            .map_err(wrong("write"))?;
        self.sync()?;
        fs::rename(&self.part, &self.path).map_err(wrong("rename"))?;
        sync_folder_of(&self.path)?;
        let checkpoint = Checkpoint::path(&self.path);
        fs::remove_file(&checkpoint).map_err(FormatError::file("remove", &checkpoint))?;
        Ok(header.contents)
    }
}

/// Opens the unfinished file, for its owner only: it holds everything that the store does.
fn open(part: &Path, is_new: bool) -> Result<File, FormatError> {
    let opened = OpenOptions::new()
        .write(true)
        .create(is_new)
        .truncate(is_new)
        .mode(0o600)
        .open(part);
    opened.map_err(FormatError::file("open", part))
}
