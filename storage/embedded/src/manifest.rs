//! Checks what fjall trusts unseen: which state of each keyspace is the present one.
//!
//! `keyspaces/<n>/current` holds the number of a state u64, the XXH3-128 of its file `v<number>` u128, and 0, little-endian (lsm-tree 3.1,
//! `version/persist.rs`). With another number fjall opens an older or empty state, and removes the files of the present one. So this
//! runs before.

use std::fs;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use crate::error::{FileError, OpenError};

/// Bytes of `current`.
const CURRENT_BYTES: usize = 25;
/// The last byte of `current`: the checksum is XXH3-128.
const IS_XXH3: u8 = 0;

/// Checks every keyspace below `tables`.
///
/// # Errors
/// A file cannot be read, or is not what was written.
pub(crate) fn check(tables: &Path) -> Result<(), OpenError> {
    let keyspaces = tables.join("keyspaces");
    if !keyspaces.is_dir() {
        return Ok(());
    }
    let entries = fs::read_dir(&keyspaces).map_err(FileError::of("list", &keyspaces))?;
    for entry in entries {
        let folder = entry.map_err(FileError::of("list", &keyspaces))?.path();
        // Without one, the keyspace was being made and holds nothing.
        if folder.join("current").exists() {
            check_keyspace(&folder)?;
        }
    }
    Ok(())
}

fn check_keyspace(folder: &Path) -> Result<(), OpenError> {
    let path = folder.join("current");
    let current = fs::read(&path).map_err(FileError::of("read", &path))?;
    let damaged = |path: &Path| OpenError::DamagedState {
        path: path.to_path_buf(),
    };
    let Ok(current) = <[u8; CURRENT_BYTES]>::try_from(current) else {
        return Err(damaged(&path));
    };
    let number = u64::from_le_bytes(*current.first_chunk().ok_or_else(|| damaged(&path))?);
    let file = folder.join(format!("v{number}"));
    if current[CURRENT_BYTES - 1] != IS_XXH3 || !file.exists() {
        return Err(damaged(&path));
    }
    let state = fs::read(&file).map_err(FileError::of("read", &file))?;
    match xxh3_128(&state).to_le_bytes() == current[8..CURRENT_BYTES - 1] {
        true => Ok(()),
        false => Err(damaged(&file)),
    }
}
