//! Tells a database from one that was set back to a copy, by where the file lies and by a mark in the lock file beside it.
//!
//! The place last kept stands in the file. A copy that was put into its place lies elsewhere on the disk, or the mark has changed
//! since it was made. A file that was only moved may count as set back too, which does no harm.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::Connection;

const MARK_BYTES: usize = 16;

/// Whether the file with this place was set back since it was last kept.
pub(super) fn is_set_back(connection: &Connection, place: &[u8]) -> rusqlite::Result<bool> {
    connection.query_row("SELECT owner_user, place FROM meta", [], |row| {
        let (owner, kept): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
        Ok(owner.is_some() && kept.as_deref() != Some(place))
    })
}

/// Keeps the place in the file.
pub(super) fn keep(connection: &Connection, place: &[u8]) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE meta SET place = ?1", [place])
        .map(drop)
}

/// The place of the file at `path`, with the mark of its lock file.
pub(super) fn read(path: &Path, lock: &mut File) -> std::io::Result<Vec<u8>> {
    let mut mark = Vec::new();
    lock.seek(SeekFrom::Start(0))?;
    lock.take(MARK_BYTES as u64).read_to_end(&mut mark)?;
    place(path, &mark)
}

/// The place of the file at `path`, with a new mark in its lock file.
pub(super) fn renew(path: &Path, lock: &mut File) -> std::io::Result<Vec<u8>> {
    let mark: [u8; MARK_BYTES] = rand::random();
    lock.seek(SeekFrom::Start(0))?;
    lock.write_all(&mark)?;
    place(path, &mark)
}

fn place(path: &Path, mark: &[u8]) -> std::io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    let mut place = mark.to_vec();
    // Not every file system knows when a file was made.
    let made = metadata.created().ok();
    let made = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    let made_ns = made.map_or(0, |made| made.as_nanos());
    place.extend_from_slice(&made_ns.to_le_bytes());
    for number in numbers(&metadata) {
        place.extend_from_slice(&number.to_le_bytes());
    }
    Ok(place)
}

#[cfg(unix)]
fn numbers(metadata: &Metadata) -> [u64; 2] {
    use std::os::unix::fs::MetadataExt;
    [metadata.dev(), metadata.ino()]
}

#[cfg(not(unix))]
fn numbers(_metadata: &Metadata) -> [u64; 2] {
    [0, 0]
}
