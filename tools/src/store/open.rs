//! Opens what one argument names: a node's data directory, an export, or a FoundationDB cluster file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ringpost_storage_check::RowSource;

use super::{EmbeddedRows, RowSink, StoreError};
use crate::transfer::{EXPORT_MAGIC, ExportRows};

/// A longer file is no cluster file.
const CLUSTER_FILE_BYTES_MAX: u64 = 64 * 1_024;

/// An open store.
pub struct Opened<S: ?Sized> {
    /// Its rows.
    pub rows: Box<S>,
    /// What it is, for people.
    pub name: &'static str,
}

/// What an argument names.
enum Named {
    Embedded,
    Export,
    ClusterFile,
    Nothing,
}

fn named(path: &Path) -> Named {
    if path.is_dir() {
        return match EmbeddedRows::folder(path) {
            Some(_) => Named::Embedded,
            None => Named::Nothing,
        };
    }
    let mut begin = [0; EXPORT_MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    match read {
        Ok(()) if begin == EXPORT_MAGIC => Named::Export,
        _ if is_cluster_file(path) => Named::ClusterFile,
        _ => Named::Nothing,
    }
}

/// Whether a file may be a cluster file, `description:id@address`; its engine says what is wrong with it.
fn is_cluster_file(path: &Path) -> bool {
    let is_small = path
        .metadata()
        .is_ok_and(|data| data.len() <= CLUSTER_FILE_BYTES_MAX);
    let text = if is_small {
        std::fs::read_to_string(path).unwrap_or_default()
    } else {
        String::new()
    };
    let mut lines = text.lines().map(str::trim);
    lines.any(|line| !line.starts_with('#') && line.contains('@'))
}

/// Opens a store to read it. `prefix` is where its keys lie in FoundationDB.
pub fn open_source(path: &Path, prefix: &str) -> Result<Opened<dyn RowSource>, StoreError> {
    let no_store = || StoreError::NoStore {
        path: path.to_owned(),
    };
    Ok(match named(path) {
        Named::Embedded => {
            let folder = EmbeddedRows::folder(path).ok_or_else(no_store)?;
            Opened {
                rows: Box::new(EmbeddedRows::open(&folder)?),
                name: "embedded",
            }
        }
        Named::Export => Opened {
            rows: Box::new(ExportRows::open(path)?),
            name: "export",
        },
        Named::ClusterFile => {
            let opened = open_cluster(path, prefix)?;
            Opened {
                rows: opened.rows,
                name: opened.name,
            }
        }
        Named::Nothing => return Err(no_store()),
    })
}

/// Opens a store to write to it; a node's data directory is made where there is nothing.
pub fn open_target(path: &Path, prefix: &str) -> Result<Opened<dyn RowSink>, StoreError> {
    match named(path) {
        Named::Nothing if path.is_file() => Err(StoreError::NoStore {
            path: path.to_owned(),
        }),
        Named::Embedded | Named::Nothing => Ok(Opened {
            rows: Box::new(EmbeddedRows::open_or_make(path)?),
            name: "embedded",
        }),
        Named::Export => Err(StoreError::ReadOnly {
            path: path.to_owned(),
        }),
        Named::ClusterFile => open_cluster(path, prefix),
    }
}

/// Ends what stores keep running in the process when they are closed: the last thing that a tool does.
pub fn end() {
    #[cfg(feature = "foundationdb")]
    ringpost_storage_foundationdb::end_client();
}

#[cfg(not(feature = "foundationdb"))]
fn open_cluster(path: &Path, _prefix: &str) -> Result<Opened<dyn RowSink>, StoreError> {
    Err(StoreError::NoFoundationDb {
        path: path.to_owned(),
    })
}

#[cfg(feature = "foundationdb")]
fn open_cluster(path: &Path, prefix: &str) -> Result<Opened<dyn RowSink>, StoreError> {
    Ok(Opened {
        rows: Box::new(super::ClusterRows::open(path, prefix)?),
        name: "foundationdb",
    })
}
