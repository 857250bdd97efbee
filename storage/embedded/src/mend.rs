//! Mends fjall's newest journal when a power loss has torn its last batch.
//!
//! fjall refuses a journal in which the end of the last batch is there and a part of it is not. Every batch is synced before
//! the next, so only the last can be torn, and its writes are still in the commit log: it may go. Without its last byte it
//! is an unfinished batch, which fjall discards. If that was the batch that names the flushed record, and it had been
//! whole, the log no longer reaches to the tables, and the start refuses that.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// A journal without its last byte.
pub(crate) struct Mended {
    file: File,
    bytes: u64,
    last: (u64, u8),
}

impl Mended {
    /// Takes the last byte off the newest journal in `folder`; `None` if there is none or it is empty.
    pub fn cut(folder: &Path) -> io::Result<Option<Self>> {
        let Some(path) = newest_journal(folder)? else {
            return Ok(None);
        };
        let contents = fs::read(&path)?;
        let Some(position) = contents.iter().rposition(|byte| *byte != 0) else {
            return Ok(None);
        };
        let file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(position as u64)?;
        file.sync_all()?;
        Ok(Some(Self {
            file,
            bytes: contents.len() as u64,
            last: (position as u64, contents[position]),
        }))
    }

    /// Puts the byte back: it was no help.
    pub fn undo(self) -> io::Result<()> {
        self.file.write_all_at(&[self.last.1], self.last.0)?;
        self.file.set_len(self.bytes)?;
        self.file.sync_all()
    }
}

fn newest_journal(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut newest: Option<(u64, PathBuf)> = None;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_journal = path.extension().is_some_and(|kind| kind == "jnl");
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let number = stem.and_then(|stem| stem.parse().ok());
        if let Some(number) = number.filter(|_| is_journal)
            && newest.as_ref().is_none_or(|(other, _)| *other < number)
        {
            newest = Some((number, path));
        }
    }
    Ok(newest.map(|(_, path)| path))
}
