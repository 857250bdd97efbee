//! How far an unfinished export has come: a small JSON file beside it, replaced as a whole.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ringpost_storage_core::key::ExportId;
use serde_json::{Value, json};

use super::error::FormatError;
use super::header::{Contents, Header};
use super::tally::{TALLY_BYTES, Tally, bytes_of_hex, hex};

const VERSION: u64 = 1;

/// What is durable of an unfinished export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The store, and its state when the export was begun.
    pub source_state: String,
    /// The export, with the blocks and rows that are in the file.
    pub header: Header,
    /// Bytes of the file that count.
    pub file_bytes: u64,
    /// The last row's key; empty for none.
    pub last_key: Vec<u8>,
}

impl Checkpoint {
    /// Where the checkpoint of an export to `file` is.
    pub fn path(file: &Path) -> PathBuf {
        with_ending(file, ".checkpoint")
    }

    /// Puts it in place of an older one, durably.
    pub fn write(&self, path: &Path) -> Result<(), FormatError> {
        let mut tally = Vec::with_capacity(TALLY_BYTES);
        self.header.contents.tally.encode(&mut tally);
        let text = json!({
            "version": VERSION,
            "source_state": self.source_state,
            "export": hex(&self.header.id.0),
            "created_ms": self.header.created_ms,
            "blocks": self.header.contents.blocks,
            "tally": hex(&tally),
            "file_bytes": self.file_bytes,
            "last_key": hex(&self.last_key),
        });
        let new = with_ending(path, ".new");
        let write = || {
            let mut file = File::create(&new)?;
            writeln!(file, "{text:#}")?;
            file.sync_all()
        };
        write().map_err(FormatError::file("write", &new))?;
        fs::rename(&new, path).map_err(FormatError::file("rename to", path))?;
        sync_folder_of(path)
    }

    /// Reads it; `None` where there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, FormatError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FormatError::file("read", path)(error)),
        };
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let read = value.and_then(|value| Self::of_json(&value));
        read.map(Some)
            .ok_or_else(|| FormatError::damaged(path, "it is no checkpoint of this version"))
    }

    fn of_json(value: &Value) -> Option<Self> {
        if value["version"].as_u64()? != VERSION {
            return None;
        }
        let bytes = |field: &str| bytes_of_hex(value[field].as_str()?);
        let tally: [u8; TALLY_BYTES] = bytes("tally")?.try_into().ok()?;
        Some(Self {
            source_state: value["source_state"].as_str()?.to_owned(),
            header: Header {
                id: ExportId(bytes("export")?.try_into().ok()?),
                created_ms: value["created_ms"].as_u64()?,
                contents: Contents {
                    blocks: value["blocks"].as_u64()?,
                    tally: Tally::decode(&tally),
                },
            },
            file_bytes: value["file_bytes"].as_u64()?,
            last_key: bytes("last_key")?,
        })
    }
}

/// A path with more at the end of its name.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Makes the names in the folder of `path` durable.
pub fn sync_folder_of(path: &Path) -> Result<(), FormatError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let sync = File::open(folder).and_then(|folder| folder.sync_all());
    sync.map_err(FormatError::file("sync the folder", folder))
}
