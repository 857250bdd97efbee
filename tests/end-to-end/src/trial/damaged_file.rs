//! Damages one file of a store by a seed: bits turned over, bytes overwritten, a page of zeros, a missing end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Bytes of a page.
const PAGE: usize = 4_096;
/// Bytes of the header of a segment of the log, and of a record; a record begins at a multiple of 8.
const SEGMENT_HEADER: usize = 64;
const RECORD_HEADER: usize = 16;

/// What was done.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    /// The file, below the store.
    pub(super) file: String,
    /// What, and where.
    pub(super) what: String,
    /// It reaches into the last record of the log.
    pub(super) is_end_of_log: bool,
}

/// Damages a store; the same seed does the same to the same files.
pub(super) fn damage(store: &Path, seed: u64) -> io::Result<Damage> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let files = files_below(store)?;
    let path = &files[random.random_range(0..files.len())];
    let mut bytes = fs::read(path)?;
    let at = random.random_range(0..bytes.len());
    let (what, end) = match random.random_range(0..4) {
        0 => {
            let bit = random.random_range(0..8);
            bytes[at] ^= 1 << bit;
            (format!("bit {bit} of byte {at} turned over"), at + 1)
        }
        1 => {
            let end = (at + 16).min(bytes.len());
            bytes[at..end].fill_with(|| random.random());
            (format!("bytes {at} to {end} overwritten"), end)
        }
        2 => {
            let (from, end) = (at / PAGE * PAGE, (at / PAGE * PAGE + PAGE).min(bytes.len()));
            bytes[from..end].fill(0);
            (format!("bytes {from} to {end} zeroed"), end)
        }
        _ => {
            let end = bytes.len();
            bytes.truncate(at);
            (format!("bytes {at} to {end} cut off"), end)
        }
    };
    let is_last = last_segment(&files).is_some_and(|last| last == path);
    let is_end_of_log = is_last && end > last_record(&fs::read(path)?);
    fs::write(path, bytes)?;
    Ok(Damage {
        file: path
            .strip_prefix(store)
            .unwrap_or(path)
            .display()
            .to_string(),
        what,
        is_end_of_log,
    })
}

/// Files that are not empty, in the order of their names.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else if metadata.len() > 0 {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn last_segment(files: &[PathBuf]) -> Option<&PathBuf> {
    let is_segment = |path: &&PathBuf| {
        let is_spare = path.extension().is_some_and(|ending| ending == "spare");
        path.parent().is_some_and(|folder| folder.ends_with("log")) && !is_spare
    };
    files.iter().rfind(is_segment)
}

/// Where the last record of a segment begins; the end of its header if it holds none.
fn last_record(bytes: &[u8]) -> usize {
    let (mut offset, mut last, mut number) = (SEGMENT_HEADER, SEGMENT_HEADER, None);
    while let Some(header) = bytes.get(offset..offset + RECORD_HEADER) {
        let (length, found) = (u32_at(header, 0) as usize, u64_at(header, 8));
        let is_next = number.is_none_or(|number: u64| found == number + 1) && found > 0;
        if !is_next || bytes.len() < offset + RECORD_HEADER + length {
            break;
        }
        (last, number) = (offset, Some(found));
        offset += (RECORD_HEADER + length).next_multiple_of(8);
    }
    last
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64, payload: usize) -> Vec<u8> {
        let mut bytes = (payload as u32).to_le_bytes().to_vec();
        bytes.extend([7; 4]);
        bytes.extend(number.to_le_bytes());
        bytes.resize((RECORD_HEADER + payload).next_multiple_of(8), 1);
        bytes
    }

    #[test]
    fn the_last_record_is_found_before_what_an_older_use_of_the_file_left() {
        let mut bytes = vec![0; SEGMENT_HEADER];
        assert_eq!(last_record(&bytes), SEGMENT_HEADER);
        bytes.extend(record(5, 13));
        let last = bytes.len();
        bytes.extend(record(6, 100));
        bytes.extend(record(3, 20));
        assert_eq!(last_record(&bytes), last);
    }

    #[test]
    fn the_same_seed_damages_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let whole = vec![9; 10_000];
        for seed in 0..20 {
            fs::write(&file, &whole).unwrap();
            let first = damage(folder.path(), seed).unwrap();
            let damaged = fs::read(&file).unwrap();
            assert_ne!(damaged, whole, "{first:?}");
            fs::write(&file, &whole).unwrap();
            assert_eq!(damage(folder.path(), seed).unwrap().what, first.what);
            assert_eq!(fs::read(&file).unwrap(), damaged);
        }
    }
}
