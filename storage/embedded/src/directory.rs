//! The store's folder: making it, locking it, its format and its incarnations.
//!
//! ```text
//! LOCK          locked while a process has the store open
//! FORMAT        format version and store id
//! INCARNATION   how often it was opened, and the first log segment of that time
//! FLUSHED       the last record of the log that is in the tables
//! log/          the commit log
//! tables/       fjall
//! ```
//! Everything made here is durable, its name included, before the next step relies on it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{FileError, OpenError};

/// Version of everything below the folder.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// Names one store: a segment of another one is not taken for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoreId(pub u128);

/// An open folder. The lock ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    /// The folder of the log.
    pub log: PathBuf,
    /// The folder of the tables.
    pub tables: PathBuf,
    /// The file that says how far the tables reach.
    pub flushed: PathBuf,
    /// The store.
    pub id: StoreId,
    /// The time before this one: how often it was opened, and its first segment.
    pub previous: Incarnation,
    root: PathBuf,
    _lock: File,
}

/// One time of being open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Incarnation {
    /// Counts from 1.
    pub number: u64,
    /// The segment that it began with.
    pub first_segment: u64,
}

impl Directory {
    /// A folder of a store that nothing else knows: no lock, no files of its own.
    #[cfg(feature = "fuzz")]
    pub fn unlocked(root: &Path, id: StoreId) -> std::io::Result<Self> {
        Ok(Self {
            log: root.join("log"),
            tables: root.join("tables"),
            flushed: root.join("FLUSHED"),
            id,
            previous: Incarnation::default(),
            root: root.to_path_buf(),
            _lock: File::open(root)?,
        })
    }

    /// Opens or makes the folder and locks it.
    pub fn open(root: &Path) -> Result<Self, OpenError> {
        make_folder(root)?;
        let lock = lock(&root.join("LOCK"))?;
        let log = root.join("log");
        let tables = root.join("tables");
        let id = match read_format(&root.join("FORMAT"))? {
            Some(id) => id,
            None if holds_data(&log)? || holds_data(&tables)? => {
                return Err(OpenError::NotAStore {
                    path: root.to_path_buf(),
                });
            }
            None => make_format(root)?,
        };
        make_folder(&log)?;
        Ok(Self {
            previous: read_incarnation(&root.join("INCARNATION"))?,
            flushed: root.join("FLUSHED"),
            root: root.to_path_buf(),
            log,
            tables,
            id,
            _lock: lock,
        })
    }

    /// Makes a new incarnation durable.
    pub fn record(&self, incarnation: Incarnation) -> Result<(), FileError> {
        let text = format!("{} {}\n", incarnation.number, incarnation.first_segment);
        replace_file(&self.root.join("INCARNATION"), text.as_bytes())
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), FileError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(FileError::of("sync the folder", path))
}

/// Makes a folder, for its owner only, and its parents.
fn make_folder(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    make_folder(parent)?;
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(FileError::of("make the folder", path))?;
    sync_folder(parent)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(FileError::of("open", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: path.to_path_buf(),
        }),
        Err(TryLockError::Error(source)) => Err(FileError::of("lock", path)(source).into()),
    }
}

fn holds_data(path: &Path) -> Result<bool, FileError> {
    if !path.is_dir() {
        return Ok(false);
    }
    let mut entries = fs::read_dir(path).map_err(FileError::of("list", path))?;
    Ok(entries.next().is_some())
}

/// Reads the format file: `ringpost-embedded`, `version 1`, `store <32 hex digits>`, a line each.
fn read_format(path: &Path) -> Result<Option<StoreId>, OpenError> {
    let Some(text) = read_text(path)? else {
        return Ok(None);
    };
    let not_a_store = || OpenError::NotAStore {
        path: path.parent().unwrap_or(path).to_path_buf(),
    };
    let mut lines = text.lines();
    if lines.next() != Some("ringpost-embedded") {
        return Err(not_a_store());
    }
    let found = lines
        .next()
        .and_then(|line| line.strip_prefix("version "))
        .and_then(|version| version.parse().ok())
        .ok_or_else(not_a_store)?;
    if found != FORMAT_VERSION {
        return Err(OpenError::OtherVersion {
            path: path.to_path_buf(),
            found,
            supported: FORMAT_VERSION,
        });
    }
    lines
        .next()
        .and_then(|line| line.strip_prefix("store "))
        .and_then(|id| u128::from_str_radix(id, 16).ok())
        .map(|id| Some(StoreId(id)))
        .ok_or_else(not_a_store)
}

fn make_format(root: &Path) -> Result<StoreId, OpenError> {
    let id = StoreId(rand::random());
    let text = format!(
        "ringpost-embedded\nversion {FORMAT_VERSION}\nstore {:032x}\n",
        id.0
    );
    replace_file(&root.join("FORMAT"), text.as_bytes())?;
    Ok(id)
}

fn read_incarnation(path: &Path) -> Result<Incarnation, OpenError> {
    let Some(text) = read_text(path)? else {
        return Ok(Incarnation::default());
    };
    let parsed = text.trim_end().split_once(' ').and_then(|(number, first)| {
        Some(Incarnation {
            number: number.parse().ok()?,
            first_segment: first.parse().ok()?,
        })
    });
    parsed.ok_or_else(|| OpenError::Incarnation {
        path: path.to_path_buf(),
    })
}

fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::of("read", path)(error)),
    }
}

/// Puts a small file in place so that either the old or the new one is there after a power loss.
pub(crate) fn replace_file(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    let new = path.with_extension("new");
    let write = || {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(contents)?;
        file.sync_all()
    };
    write().map_err(FileError::of("write", &new))?;
    fs::rename(&new, path).map_err(FileError::of("rename to", path))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_once_and_keeps_its_id() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        let first = Directory::open(&path).unwrap();
        first
            .record(Incarnation {
                number: 3,
                first_segment: 9,
            })
            .unwrap();
        let id = first.id;
        drop(first);
        let second = Directory::open(&path).unwrap();
        assert_eq!(second.id, id);
        assert_eq!(second.previous.number, 3);
        assert_eq!(second.previous.first_segment, 9);
    }

    #[test]
    fn a_folder_in_use_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let _first = Directory::open(root.path()).unwrap();
        let error = Directory::open(root.path()).unwrap_err();
        assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    }

    #[test]
    fn an_incarnation_that_cannot_be_read_is_refused_by_its_own_name() {
        let root = tempfile::tempdir().unwrap();
        drop(Directory::open(root.path()).unwrap());
        let file = root.path().join("INCARNATION");
        for text in ["", "3", "3 x\n", "3 1 1\n"] {
            fs::write(&file, text).unwrap();
            let error = Directory::open(root.path()).unwrap_err();
            let is_named = matches!(&error, OpenError::Incarnation { path } if *path == file);
            assert!(is_named, "{text:?}: {error}");
        }
    }

    #[test]
    fn another_version_and_foreign_data_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let format = root.path().join("FORMAT");
        fs::write(&format, "ringpost-embedded\nversion 2\nstore 00\n").unwrap();
        let error = Directory::open(root.path()).unwrap_err();
        assert!(matches!(error, OpenError::OtherVersion { found: 2, .. }));
        fs::write(&format, "something else\n").unwrap();
        let error = Directory::open(root.path()).unwrap_err();
        assert!(matches!(error, OpenError::NotAStore { .. }));
        fs::remove_file(&format).unwrap();
        fs::create_dir(root.path().join("tables")).unwrap();
        fs::write(root.path().join("tables/x"), "x").unwrap();
        let error = Directory::open(root.path()).unwrap_err();
        assert!(matches!(error, OpenError::NotAStore { .. }));
    }
}
