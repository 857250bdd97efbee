//! Appends records: one write and one sync a record, a new segment when the last is full.
//!
//! After an error nothing more may be appended: what the file holds is unknown.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ringpost_storage_core::store::Write;

use crate::directory::{StoreId, sync_folder};
use crate::error::{Fatal, FileError};
use crate::limits::RECORD_BYTES_MAX;
use crate::log::header::{HEADER_BYTES, SegmentHeader};
use crate::log::payload;
use crate::log::record::{RECORD_HEADER_BYTES, RecordSeal};
use crate::log::segment::{Sealed, Spares, segment_path, spare_path};
use crate::options::SyncMode;

/// Where a log goes on.
#[derive(Debug)]
pub(crate) struct LogStart {
    /// Its folder.
    pub folder: PathBuf,
    /// Its store.
    pub store: StoreId,
    /// Number of the segment to begin.
    pub segment: u64,
    /// Number of the next record.
    pub next_record: u64,
    /// Segments that are there.
    pub sealed: Vec<Sealed>,
    /// Files to write over.
    pub spares: Spares,
}

/// The log, open for appending.
#[derive(Debug)]
pub(crate) struct LogWriter {
    folder: PathBuf,
    store: StoreId,
    segment_bytes: u64,
    sync: SyncMode,
    next_record: u64,
    sealed: Vec<Sealed>,
    spares: Spares,
    active: Active,
    buffer: Vec<u8>,
    #[cfg(test)]
    calls: Calls,
}

/// The segment that is written.
#[derive(Debug)]
struct Active {
    number: u64,
    file: File,
    path: PathBuf,
    seal: RecordSeal,
    end: u64,
}

/// Counts for the failures that tests ask for.
#[cfg(test)]
#[derive(Debug, Default)]
struct Calls {
    writes: u64,
    syncs: u64,
}

impl LogWriter {
    /// Begins a new segment.
    pub fn begin(start: LogStart, segment_bytes: u64, sync: SyncMode) -> Result<Self, FileError> {
        let header = SegmentHeader {
            segment: start.segment,
            first_record: start.next_record,
            store: start.store,
        };
        Ok(Self {
            active: make_segment(&start.folder, header, &start.spares)?,
            folder: start.folder,
            store: start.store,
            segment_bytes,
            sync,
            next_record: start.next_record,
            sealed: start.sealed,
            spares: start.spares,
            buffer: vec![0; RECORD_HEADER_BYTES],
            #[cfg(test)]
            calls: Calls::default(),
        })
    }

    /// The number that the next record will have.
    pub fn next_record(&self) -> u64 {
        self.next_record
    }

    /// Segments there are, the active one included.
    pub fn segments(&self) -> usize {
        self.sealed.len() + 1
    }

    /// The files to write over.
    pub fn spares(&self) -> Spares {
        self.spares.clone()
    }

    /// Adds writes to the next record.
    pub fn push(&mut self, writes: &[Write]) {
        for write in writes {
            payload::encode(write, &mut self.buffer);
        }
    }

    /// Bytes of writes in the next record so far.
    pub fn pushed_bytes(&self) -> usize {
        self.buffer.len() - RECORD_HEADER_BYTES
    }

    /// Writes the next record. It is durable only after [`Self::sync`].
    pub fn write(&mut self) -> Result<(), Fatal> {
        let bytes = self.pushed_bytes();
        if bytes > RECORD_BYTES_MAX {
            return Err(Fatal::Record { bytes });
        }
        let record_bytes = (RECORD_HEADER_BYTES + bytes) as u64 + 8;
        let is_empty = self.active.end == HEADER_BYTES as u64;
        if !is_empty && self.active.end + record_bytes > self.segment_bytes {
            self.roll()?;
        }
        self.active.seal.seal(&mut self.buffer, self.next_record);
        self.write_buffer()
            .map_err(FileError::of("write", &self.active.path))?;
        self.active.end += self.buffer.len() as u64;
        self.next_record += 1;
        self.buffer.truncate(RECORD_HEADER_BYTES);
        Ok(())
    }

    /// Makes all records durable; tells how long it took.
    pub fn sync(&mut self) -> Result<Duration, FileError> {
        let begin = Instant::now();
        self.sync_data()
            .map_err(FileError::of("sync", &self.active.path))?;
        Ok(begin.elapsed())
    }

    /// Takes the segments whose records are all at or below `record`, to be retired by the caller.
    pub fn take_obsolete(&mut self, record: u64) -> Vec<u64> {
        let count = self
            .sealed
            .iter()
            .take_while(|sealed| sealed.last_record <= record)
            .count();
        self.sealed
            .drain(..count)
            .map(|sealed| sealed.number)
            .collect()
    }

    /// Seals the active segment, whose records are durable, and begins the next.
    fn roll(&mut self) -> Result<(), FileError> {
        let header = SegmentHeader {
            segment: self.active.number + 1,
            first_record: self.next_record,
            store: self.store,
        };
        let next = make_segment(&self.folder, header, &self.spares)?;
        self.sealed.push(Sealed {
            number: self.active.number,
            last_record: self.next_record - 1,
        });
        self.active = next;
        Ok(())
    }

    #[cfg(not(test))]
    fn write_buffer(&mut self) -> io::Result<()> {
        self.active.file.write_all_at(&self.buffer, self.active.end)
    }

    #[cfg(test)]
    fn write_buffer(&mut self) -> io::Result<()> {
        self.calls.writes += 1;
        if matches!(self.sync, SyncMode::FailWrite(from) if self.calls.writes >= from) {
            let half = &self.buffer[..self.buffer.len() / 2];
            self.active.file.write_all_at(half, self.active.end)?;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.active.file.write_all_at(&self.buffer, self.active.end)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        if cfg!(planted = "sync_removed") {
            return Ok(());
        }
        #[cfg(test)]
        {
            self.calls.syncs += 1;
            if matches!(self.sync, SyncMode::FailSync(from) if self.calls.syncs >= from) {
                return Err(io::Error::other("the disk is gone"));
            }
        }
        if self.sync == SyncMode::Never {
            return Ok(());
        }
        self.active.file.sync_data()
    }
}

/// Makes a segment with its header, durable with its name, from a spare where there is one.
fn make_segment(
    folder: &Path,
    header: SegmentHeader,
    spares: &Spares,
) -> Result<Active, FileError> {
    let spare = spares
        .take()
        .unwrap_or_else(|| spare_path(folder, header.segment));
    let path = segment_path(folder, header.segment);
    let open = || {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&spare)?;
        file.write_all_at(&header.encode(), 0)?;
        file.sync_all()?;
        Ok(file)
    };
    let file = open().map_err(FileError::of("begin the segment", &spare))?;
    fs::rename(&spare, &path).map_err(FileError::of("rename to", &path))?;
    sync_folder(folder)?;
    Ok(Active {
        number: header.segment,
        file,
        path,
        seal: RecordSeal::new(header.store, header.segment),
        end: HEADER_BYTES as u64,
    })
}
