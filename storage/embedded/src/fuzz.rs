//! The commit log for fuzzing: a log made in memory, damaged as one likes, and replayed from a folder.

use std::fs;
use std::path::Path;

use ringpost_storage_core::store::Write;

use crate::directory::{Directory, StoreId};
use crate::error::{FileError, OpenError};
use crate::log::header::SegmentHeader;
use crate::log::payload;
use crate::log::record::{RECORD_HEADER_BYTES, RecordSeal};
use crate::log::replay::replay;
use crate::log::segment::segment_path;

const STORE: StoreId = StoreId(0x5eed);

/// A log: its segments, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    segments: Vec<(u64, Vec<u8>)>,
    next_record: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Log {
    /// One segment without records.
    pub fn new() -> Self {
        let mut log = Self {
            segments: Vec::new(),
            next_record: 1,
        };
        log.begin_segment();
        log
    }

    /// Later records go to a new segment.
    pub fn begin_segment(&mut self) {
        let segment = self.segments.len() as u64 + 1;
        let header = SegmentHeader {
            segment,
            first_record: self.next_record,
            store: STORE,
        };
        self.segments.push((segment, header.encode().to_vec()));
    }

    /// Appends a record.
    pub fn append(&mut self, writes: &[Write]) {
        let (segment, bytes) = self.segments.last_mut().expect("begun with one");
        let mut record = vec![0; RECORD_HEADER_BYTES];
        for write in writes {
            payload::encode(write, &mut record);
        }
        RecordSeal::new(STORE, *segment).seal(&mut record, self.next_record);
        bytes.extend_from_slice(&record);
        self.next_record += 1;
    }

    /// The segments with their numbers, to be damaged.
    pub fn segments_mut(&mut self) -> &mut Vec<(u64, Vec<u8>)> {
        &mut self.segments
    }
}

/// Replays `log` from files in `folder`, which is emptied first: the number and the writes of every record after `flushed`.
///
/// # Errors
/// As at a start of the store: the log is damaged, or apart from the tables; or the folder cannot be used.
pub fn replayed(
    log: &Log,
    folder: &Path,
    flushed: u64,
) -> Result<Vec<(u64, Vec<Write>)>, OpenError> {
    let directory = Directory::unlocked(folder, STORE).map_err(FileError::of("open", folder))?;
    empty(&directory.log).map_err(FileError::of("empty", folder))?;
    for (number, bytes) in &log.segments {
        let path = segment_path(&directory.log, *number);
        fs::write(&path, bytes).map_err(FileError::of("write", &path))?;
    }
    let mut found = Vec::new();
    replay(&directory, flushed, &mut |number, writes| {
        found.push((number, writes));
    })?;
    Ok(found)
}

fn empty(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}
