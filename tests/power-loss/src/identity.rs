//! What makes a file itself whatever its name: inode number and time of birth, written as the recorder writes it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::error::{PowerLossError, at};

/// The id of a file or folder, as text: number, seconds and nanoseconds of birth, in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity(pub(crate) String);

impl Identity {
    /// The id of what `metadata` of `path` describes.
    pub(crate) fn of(path: &Path, metadata: &Metadata) -> Result<Self, PowerLossError> {
        let born = metadata.created().map_err(at(path))?;
        let since = born.duration_since(UNIX_EPOCH).map_err(|_| {
            PowerLossError::Damaged(format!("{} is born before 1970", path.display()))
        })?;
        let nanoseconds = since.subsec_nanos();
        Ok(Self(format!(
            "{:x}-{:x}-{nanoseconds:x}",
            metadata.ino(),
            since.as_secs()
        )))
    }
}

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A socket or the like; never restored.
    Other,
}

/// One name's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Kind of the target.
    pub(crate) kind: Kind,
    /// Its id.
    pub(crate) identity: Identity,
    /// Permission bits.
    pub(crate) mode: u32,
}

impl Entry {
    /// The entry for what `metadata` of `path` describes.
    pub(crate) fn of(path: &Path, metadata: &Metadata) -> Result<Self, PowerLossError> {
        let kind = match () {
            () if metadata.is_file() => Kind::File,
            () if metadata.is_dir() => Kind::Folder,
            () => Kind::Other,
        };
        let identity = Identity::of(path, metadata)?;
        Ok(Self {
            kind,
            identity,
            mode: metadata.mode() & 0o7777,
        })
    }
}
