//! Segment files: their names, which of them are there, and files kept to be written over.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::directory::sync_folder;
use crate::error::FileError;
use crate::limits::SPARE_SEGMENTS_MAX;

/// A segment that is no longer written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Its number.
    pub number: u64,
    /// Its last record; one below its first if it has none.
    pub last_record: u64,
}

/// Files kept to be written over, shared by the writer, which takes, and the flusher, which gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spares(Arc<Mutex<Vec<PathBuf>>>);

impl Spares {
    /// Takes one.
    pub fn take(&self) -> Option<PathBuf> {
        self.list().pop()
    }

    /// Retires segments: the first few become spares, the others are removed. Durable when it returns.
    pub fn retire(&self, folder: &Path, numbers: &[u64]) -> Result<(), FileError> {
        for &number in numbers {
            let path = segment_path(folder, number);
            if self.list().len() < SPARE_SEGMENTS_MAX {
                let spare = spare_path(folder, number);
                fs::rename(&path, &spare).map_err(FileError::of("rename", &path))?;
                self.list().push(spare);
            } else {
                fs::remove_file(&path).map_err(FileError::of("remove", &path))?;
            }
        }
        if numbers.is_empty() {
            return Ok(());
        }
        sync_folder(folder)
    }

    /// The lock is held for a push or a pop only; neither leaves the list half changed.
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file of a segment.
pub(crate) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.log"))
}

/// The file that becomes a segment, or was one.
pub(crate) fn spare_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.spare"))
}

/// The numbers of the segments in a folder, ascending, and the spares. Too many spares are removed.
pub(crate) fn list(folder: &Path) -> Result<(Vec<u64>, Spares), FileError> {
    let mut numbers = Vec::new();
    let spares = Spares::default();
    for entry in fs::read_dir(folder).map_err(FileError::of("list", folder))? {
        let path = entry.map_err(FileError::of("list", folder))?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        match (number, path.extension().and_then(|kind| kind.to_str())) {
            (Some(number), Some("log")) => numbers.push(number),
            (Some(_), Some("spare")) if spares.list().len() < SPARE_SEGMENTS_MAX => {
                spares.list().push(path);
            }
            (Some(_), Some("spare")) => {
                fs::remove_file(&path).map_err(FileError::of("remove", &path))?;
            }
            _ => {}
        }
    }
    numbers.sort_unstable();
    Ok((numbers, spares))
}
