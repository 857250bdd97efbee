//! Sorts records by their bytes in bounded memory: what does not fit goes to temporary files, which are merged at the end.
//!
//! The files have no names: whatever ends the process, nothing is left of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use crate::limits::MERGE_BYTES;

/// Records on their way into order.
#[derive(Debug)]
pub(crate) struct Sorter {
    folder: PathBuf,
    bytes_max: usize,
    arena: Vec<u8>,
    records: Vec<(u32, u16)>,
    runs: Vec<File>,
    /// Bytes written to files.
    pub spilled_bytes: u64,
}

impl Sorter {
    /// Sorts up to `bytes_max` bytes in memory, and more in files in `folder`.
    pub fn new(folder: PathBuf, bytes_max: usize) -> Self {
        Self {
            folder,
            bytes_max,
            arena: Vec::new(),
            records: Vec::new(),
            runs: Vec::new(),
            spilled_bytes: 0,
        }
    }

    /// Takes a record of at most 65,535 bytes.
    pub fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let length = u16::try_from(record.len()).map_err(io::Error::other)?;
        if self.arena.len() + record.len() > self.bytes_max {
            self.spill()?;
        }
        self.records.push((self.arena.len() as u32, length));
        self.arena.extend_from_slice(record);
        Ok(())
    }

    fn sort(&mut self) {
        let arena = &self.arena;
        let bytes = |(start, length): (u32, u16)| &arena[start as usize..][..usize::from(length)];
        self.records
            .sort_unstable_by(|one, other| bytes(*one).cmp(bytes(*other)));
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut out = BufWriter::new(tempfile::tempfile_in(&self.folder)?);
        for (start, length) in self.records.drain(..) {
            out.write_all(&length.to_be_bytes())?;
            out.write_all(&self.arena[start as usize..][..usize::from(length)])?;
        }
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.spilled_bytes += file.stream_position()?;
        file.rewind()?;
        self.runs.push(file);
        self.arena.clear();
        Ok(())
    }

    /// All records, ascending.
    pub fn finish(mut self) -> io::Result<Sorted> {
        self.sort();
        let mut runs = vec![Run::Memory {
            arena: self.arena,
            records: self.records.into_iter(),
        }];
        for file in self.runs {
            runs.push(Run::File(BufReader::with_capacity(MERGE_BYTES, file)));
        }
        let mut sorted = Sorted {
            heap: BinaryHeap::with_capacity(runs.len()),
            runs,
        };
        for index in 0..sorted.runs.len() {
            sorted.advance(index)?;
        }
        Ok(sorted)
    }
}

#[derive(Debug)]
enum Run {
    Memory {
        arena: Vec<u8>,
        records: std::vec::IntoIter<(u32, u16)>,
    },
    File(BufReader<File>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Memory { arena, records } => Ok(records
                .next()
                .map(|(start, length)| arena[start as usize..][..usize::from(length)].to_vec())),
            Self::File(file) => {
                let mut length = [0; 2];
                match file.read_exact(&mut length) {
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                    result => result?,
                }
                let mut record = vec![0; usize::from(u16::from_be_bytes(length))];
                file.read_exact(&mut record)?;
                Ok(Some(record))
            }
        }
    }
}

/// Records in order.
#[derive(Debug)]
pub(crate) struct Sorted {
    runs: Vec<Run>,
    heap: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl Sorted {
    fn advance(&mut self, index: usize) -> io::Result<()> {
        if let Some(record) = self.runs[index].next()? {
            self.heap.push(Reverse((record, index)));
        }
        Ok(())
    }

    /// The next record, left where it is.
    pub fn peek(&self) -> Option<&[u8]> {
        self.heap.peek().map(|Reverse((record, _))| &record[..])
    }

    /// Takes the next record.
    pub fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(Reverse((record, index))) = self.heap.pop() else {
            return Ok(None);
        };
        self.advance(index)?;
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_order_from_memory_and_from_files() {
        let folder = tempfile::tempdir().unwrap();
        for bytes_max in [1_000_000, 100] {
            let mut sorter = Sorter::new(folder.path().to_owned(), bytes_max);
            for number in 0..1_000_u32 {
                let record = (number.wrapping_mul(2_654_435_761)).to_be_bytes();
                sorter.push(&record[..1 + number as usize % 4]).unwrap();
            }
            assert_eq!(sorter.spilled_bytes > 0, bytes_max == 100);
            let mut sorted = sorter.finish().unwrap();
            let mut records = Vec::new();
            while let Some(record) = sorted.next().unwrap() {
                records.push(record);
            }
            assert_eq!(records.len(), 1_000);
            assert!(records.is_sorted());
        }
    }
}
