//! Reads a log at start-up: gives every write after the flushed position, in order.
//!
//! Only the last record of the last segment may be torn; it was never answered and is left out. Anything else that does not
//! fit is damage and refused.

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use ringpost_storage_core::store::Write;

use crate::directory::Directory;
use crate::error::{Damage, DamageKind, FileError, OpenError};
use crate::log::header::{HEADER_BYTES, SegmentHeader};
use crate::log::payload;
use crate::log::record::RecordSeal;
use crate::log::segment::{self, Sealed, segment_path};
use crate::log::writer::LogStart;

/// Takes the number of a record and its writes.
pub(crate) type Apply<'a> = dyn FnMut(u64, Vec<Write>) + 'a;

/// Reads the log of `directory`; `flushed` is the last record whose writes are in the tables.
pub(crate) fn replay(
    directory: &Directory,
    flushed: u64,
    apply: &mut Apply<'_>,
) -> Result<LogStart, OpenError> {
    let (numbers, spares) = segment::list(&directory.log)?;
    check_numbers(directory, &numbers, flushed)?;
    let headers = read_headers(directory, &numbers)?;
    let first = headers.first().map_or(1, |header| header.first_record);
    let mut next_record = first;
    let mut sealed = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        let segment = Segment {
            path: segment_path(&directory.log, header.segment),
            seal: RecordSeal::new(header.store, header.segment),
            first: header.first_record,
            end: headers.get(index + 1).map(|next| next.first_record),
            flushed,
        };
        next_record = segment.replay(apply)?;
        sealed.push(Sealed {
            number: header.segment,
            last_record: next_record - 1,
        });
    }
    if first > flushed + 1 || next_record <= flushed {
        return Err(OpenError::LogApartFromTables {
            path: directory.log.clone(),
            first,
            last: next_record - 1,
            flushed,
        });
    }
    Ok(LogStart {
        folder: directory.log.clone(),
        store: directory.id,
        segment: numbers.last().map_or(1, |last| last + 1),
        next_record,
        sealed,
        spares,
    })
}

/// Segments are numbered without a gap and reach at least to the one with which the time before began.
fn check_numbers(directory: &Directory, numbers: &[u64], flushed: u64) -> Result<(), OpenError> {
    let missing = |number| OpenError::MissingSegment {
        path: directory.log.clone(),
        number,
    };
    let least = directory.previous.first_segment;
    match numbers.last() {
        None if least > 0 || flushed > 0 => return Err(missing(least.max(1))),
        Some(&last) if last < least => return Err(missing(last + 1)),
        _ => {}
    }
    let gap = numbers.windows(2).find(|pair| pair[0] + 1 != pair[1]);
    gap.map_or(Ok(()), |pair| Err(missing(pair[0] + 1)))
}

fn read_headers(directory: &Directory, numbers: &[u64]) -> Result<Vec<SegmentHeader>, OpenError> {
    let mut headers: Vec<SegmentHeader> = Vec::new();
    for &number in numbers {
        let path = segment_path(&directory.log, number);
        let header = read_header(&path)?;
        let least = headers.last().map_or(1, |header| header.first_record);
        let what = match header {
            None => DamageKind::Header,
            Some(header) if header.store != directory.id => DamageKind::OtherStore,
            Some(header) if header.segment != number => DamageKind::OtherSegment {
                found: header.segment,
            },
            Some(header) if header.first_record < least => DamageKind::Gap {
                expected: least,
                found: header.first_record,
            },
            Some(header) => {
                headers.push(header);
                continue;
            }
        };
        return Err(damaged(&path, 0, what));
    }
    Ok(headers)
}

fn read_header(path: &Path) -> Result<Option<SegmentHeader>, FileError> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    File::open(path)
        .and_then(|file| file.take(HEADER_BYTES as u64).read_to_end(&mut bytes))
        .map_err(FileError::of("read", path))?;
    Ok(SegmentHeader::decode(&bytes))
}

fn damaged(path: &Path, offset: usize, what: DamageKind) -> OpenError {
    OpenError::Damaged(Damage {
        path: path.to_path_buf(),
        offset: offset as u64,
        what,
    })
}

/// One segment to read.
struct Segment {
    path: PathBuf,
    seal: RecordSeal,
    /// Its first record.
    first: u64,
    /// The next segment's first record; `None` for the last segment.
    end: Option<u64>,
    flushed: u64,
}

impl Segment {
    /// Tells the number of the record after the last. A segment that is all flushed is not read.
    fn replay(&self, apply: &mut Apply<'_>) -> Result<u64, OpenError> {
        if let Some(end) = self.end.filter(|end| *end <= self.flushed + 1) {
            return Ok(end);
        }
        let bytes = fs::read(&self.path).map_err(FileError::of("read", &self.path))?;
        let mut offset = HEADER_BYTES;
        let mut expected = self.first;
        while self.end != Some(expected) {
            let rest = bytes.get(offset..).unwrap_or_default();
            let Some(record) = self.seal.open(rest) else {
                let is_torn = self.end.is_none() && !self.seal.later_stands_in(rest, expected);
                if is_torn {
                    break;
                }
                return Err(self.damaged(offset, DamageKind::Record { expected }));
            };
            let found = record.number;
            if found != expected {
                return Err(self.damaged(offset, DamageKind::Gap { expected, found }));
            }
            if found > self.flushed {
                let writes = payload::decode(record.payload)
                    .ok_or_else(|| self.damaged(offset, DamageKind::Writes { number: found }))?;
                apply(found, writes);
            }
            offset += record.bytes;
            expected += 1;
        }
        if self.end.is_none() {
            // The padding of the last record may be missing.
            self.write_again(&bytes[..offset.min(bytes.len())])?;
        }
        Ok(expected)
    }

    /// What was just read may be in memory only: never synced, or with a sync that failed. Writing it again makes it durable.
    fn write_again(&self, bytes: &[u8]) -> Result<(), FileError> {
        let write = || {
            let file = OpenOptions::new().write(true).open(&self.path)?;
            file.write_all_at(bytes, 0)?;
            file.sync_all()
        };
        write().map_err(FileError::of("write again", &self.path))
    }

    fn damaged(&self, offset: usize, what: DamageKind) -> OpenError {
        damaged(&self.path, offset, what)
    }
}
