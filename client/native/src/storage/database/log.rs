//! Tells whether the log beside a file is the file's own: a file put back alone beside a later log would be a mixture of both.
//!
//! The first change in a log gives the file a new random generation and keeps the one before as its base. Only a complete move of the
//! log into the file begins another. So a file read without its log has the base or the generation of its log, never another.

use std::cell::Cell;
use std::ffi::c_int;
use std::path::Path;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};

use super::engine_error::DatabaseError;
use super::key::DatabaseKey;
use super::limits::LOG_PAGES_MAX;
use super::open::{beside, unlock};

thread_local! {
    /// Pages in the log after this thread's last commit.
    static PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// The log of an open database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    /// It has changes of its own generation.
    is_begun: bool,
    /// The database says that it is not closed.
    is_open: bool,
    /// The file says that it was not closed, and a log that would hold its last changes is not there.
    pub(super) is_missing: bool,
}

impl Log {
    /// The log of a database that was opened with a log, or without one. From now on it is moved into the file only when asked for.
    pub(super) fn of(connection: &Connection, was_there: bool) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.wal_hook(Some(count));
        let is_open = is_open(connection)?;
        Ok(Self {
            is_begun: was_there,
            is_open,
            is_missing: is_open && !was_there,
        })
    }

    /// Whether there was a log when the database was opened; asked for before anything is written.
    pub(super) fn was_there(&self) -> bool {
        self.is_begun
    }

    /// Part of each transaction: the first in a log begins its generation, the first of an opening says that it is not closed.
    pub(super) fn begin(&self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.is_begun {
            let generation: i64 = rand::random();
            let sql = "UPDATE meta SET base = generation, generation = ?1";
            connection.execute(sql, [generation])?;
        }
        if !self.is_open {
            connection.execute("UPDATE meta SET is_open = 1", [])?;
        }
        Ok(())
    }

    /// The transaction is committed. A long log is moved into the file.
    pub(super) fn committed(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        (self.is_begun, self.is_open) = (true, true);
        match PAGES.get() >= LOG_PAGES_MAX {
            true => self.move_on(connection, "PASSIVE"),
            false => Ok(()),
        }
    }

    /// Moves all of the log into the file.
    pub(super) fn move_on(&mut self, connection: &Connection, how: &str) -> rusqlite::Result<()> {
        let sql = format!("PRAGMA wal_checkpoint({how})");
        let is_complete = connection.query_row(&sql, [], |row| {
            let (busy, pages, moved): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(!busy && pages == moved)
        })?;
        self.is_begun &= !is_complete;
        Ok(())
    }
}

/// Whether something was written and the database was not closed since.
pub(super) fn is_open(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT is_open FROM meta", [], |row| row.get(0))
}

/// Says that it is closed: the last transaction before its log is moved into the file and removed.
pub(super) fn set_closed(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE meta SET is_open = 0", [])
        .map(drop)
}

fn count(_: &Wal, pages: c_int) -> rusqlite::Result<()> {
    PAGES.set(pages);
    Ok(())
}

/// Whether there is a log with anything in it beside the file at `path`.
pub(super) fn is_there(path: &Path) -> std::io::Result<bool> {
    match std::fs::metadata(beside(path, "-wal")) {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The generation of the file at `path` without its log. `None` where it cannot be read: half moved over from the log, or still
/// encrypted with the key before.
pub(super) fn generation_of_file(path: &Path, key: &DatabaseKey) -> Option<i64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(without_log(path), flags).ok()?;
    unlock(&connection, key, None).ok()?;
    let has_generation = "SELECT count(*) FROM pragma_table_info('meta') WHERE name = 'generation'";
    let has_generation: bool = connection
        .query_row(has_generation, [], |row| row.get(0))
        .ok()?;
    if !has_generation {
        return Some(0);
    }
    let sql = "SELECT generation FROM meta";
    connection.query_row(sql, [], |row| row.get(0)).ok()
}

/// The engine's name for the file at `path` alone.
fn without_log(path: &Path) -> String {
    let mut name = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                name.push(char::from(*byte));
            }
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name.push_str("?immutable=1");
    name
}

/// Refuses a log that belongs to another state of the file at `path`, which alone is of this generation.
pub(super) fn compare(
    path: &Path,
    connection: &Connection,
    alone: i64,
) -> Result<(), DatabaseError> {
    let sql = "SELECT base, generation FROM meta";
    let known = connection.query_row(sql, [], |row| Ok([row.get(0)?, row.get(1)?]));
    let known: [i64; 2] = known.map_err(|error| DatabaseError::of(path, &error))?;
    if known.contains(&alone) {
        return Ok(());
    }
    let what = "its log, the file whose name ends with -wal, is of another state of it".to_owned();
    let path = path.to_owned();
    Err(DatabaseError::Damaged { path, what })
}
