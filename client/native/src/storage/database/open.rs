//! Opening and making the file: nothing is ever made in the place of something that does not open.
//!
//! A new file is made whole beside its place and moved there, so a file in its place is complete or damaged. Its first 16
//! bytes are the salt of the encryption, the only plain ones; they begin with `MAGIC`, so a wrong key and a foreign file differ.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use zeroize::Zeroizing;

use super::engine_error::DatabaseError;
use super::key::DatabaseKey;
use super::limits::{LOG_BYTES_KEPT, STATEMENTS_KEPT};
use super::log::{self, Log};
use super::schema;

const MAGIC: &[u8; 8] = b"ringpost";
const SALT_BYTES: usize = 16;
const PAGE_BYTES: u64 = 4096;

/// `path` with `suffix` behind it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The file itself, where `path` is a link to it: lock and log lie beside the file.
pub(super) fn without_link(path: &Path) -> std::io::Result<PathBuf> {
    match path.is_symlink() {
        true => std::fs::canonicalize(path),
        false => Ok(path.to_owned()),
    }
}

/// An open file.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) log: Log,
    /// Holds the lock until it is dropped.
    pub(super) lock: File,
}

/// Opens the database at `path`, or makes one where there is none.
pub(super) fn open(path: &Path, key: &DatabaseKey) -> Result<Opened, DatabaseError> {
    let lock = lock(path)?;
    let system = |error: &std::io::Error| DatabaseError::system(path, error);
    if !path.try_exists().map_err(|error| system(&error))? {
        make(path, key)?;
    }
    let has_log = log::is_there(path).map_err(|error| system(&error))?;
    look_at_head(path, has_log)?;
    let alone = has_log
        .then(|| log::generation_of_file(path, key))
        .flatten();
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let is_read_only = connection.is_readonly(MAIN_DB);
    if is_read_only.map_err(|error| DatabaseError::of(path, &error))? {
        let what = "it cannot be written".to_owned();
        let path = path.to_owned();
        return Err(DatabaseError::Failed { path, what });
    }
    // Until the file is known to be ours, closing it must not move its log into it.
    keep_log_at_close(&connection, true).map_err(|error| DatabaseError::of(path, &error))?;
    unlock(&connection, key, None).map_err(|error| wrong_key_or(path, error))?;
    let engine = |error| DatabaseError::of(path, &error);
    let found = schema::version(&connection).map_err(engine)?;
    if !schema::is_ours(&connection).map_err(engine)? || found == 0 {
        return Err(DatabaseError::NotADatabase(path.to_owned()));
    }
    if found > schema::VERSION {
        return Err(DatabaseError::LaterVersion {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        });
    }
    if let Some(alone) = alone.filter(|_| found >= schema::GENERATIONS_SINCE) {
        log::compare(path, &connection, alone)?;
    }
    settings(&connection).map_err(engine)?;
    schema::migrate(&mut connection, found).map_err(engine)?;
    keep_log_at_close(&connection, false).map_err(engine)?;
    let log = Log::of(&connection, has_log).map_err(engine)?;
    Ok(Opened {
        connection,
        log,
        lock,
    })
}

fn lock(path: &Path) -> Result<File, DatabaseError> {
    let lock_path = beside(path, "-lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&lock_path)
        .map_err(|error| DatabaseError::system(&lock_path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DatabaseError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(DatabaseError::system(&lock_path, &error)),
    }
}

/// Refuses what is no whole file of ours, before the engine touches it. What was being written at its end is whole in its log.
fn look_at_head(path: &Path, has_log: bool) -> Result<(), DatabaseError> {
    let system = |error: std::io::Error| DatabaseError::system(path, &error);
    let file = File::open(path).map_err(system)?;
    let bytes = file.metadata().map_err(system)?.len();
    let mut head = Vec::new();
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut head)
        .map_err(system)?;
    if bytes == 0 {
        let what = "the file is empty".to_owned();
        let path = path.to_owned();
        return Err(DatabaseError::Damaged { path, what });
    }
    if head != MAGIC {
        return Err(DatabaseError::NotADatabase(path.to_owned()));
    }
    if bytes < PAGE_BYTES || (!has_log && bytes % PAGE_BYTES != 0) {
        let what = format!("only {bytes} bytes are left of it");
        let path = path.to_owned();
        return Err(DatabaseError::Damaged { path, what });
    }
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, DatabaseError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| DatabaseError::of(path, &error))
}

/// Gives the key and reads the first page with it. `salt` is for a file that is being made.
pub(super) fn unlock(
    connection: &Connection,
    key: &DatabaseKey,
    salt: Option<&str>,
) -> rusqlite::Result<()> {
    let digits = key.hexadecimal();
    let mut statement = Zeroizing::new(String::with_capacity(256));
    statement.push_str("PRAGMA key = \"x'");
    statement.push_str(&digits);
    statement.push_str(salt.unwrap_or_default());
    statement.push_str("'\"");
    connection
        .execute_batch("PRAGMA cipher_memory_security = ON; PRAGMA cipher_log_level = NONE;")?;
    connection.execute_batch(&statement)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn keep_log_at_close(connection: &Connection, is_kept: bool) -> rusqlite::Result<()> {
    let setting = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(setting, is_kept).map(drop)
}

fn wrong_key_or(path: &Path, error: rusqlite::Error) -> DatabaseError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => DatabaseError::WrongKey(path.to_owned()),
        _ => DatabaseError::of(path, &error),
    }
}

fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;",
    )?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Makes a database with empty tables beside `path`, makes it durable, and moves it there.
fn make(path: &Path, key: &DatabaseKey) -> Result<(), DatabaseError> {
    let log = beside(path, "-wal");
    let system = |error: std::io::Error| DatabaseError::system(path, &error);
    if log.try_exists().map_err(system)? {
        let what = "its log is there and the file itself is missing".to_owned();
        let path = path.to_owned();
        return Err(DatabaseError::Damaged { path, what });
    }
    let new = beside(path, "-new");
    for left_over in [new.clone(), beside(&new, "-journal")] {
        match std::fs::remove_file(&left_over) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(DatabaseError::system(&left_over, &error));
            }
            _ => {}
        }
    }
    fill(&new, key)?;
    let file = File::open(&new).map_err(system)?;
    file.sync_all().map_err(system)?;
    std::fs::rename(&new, path).map_err(system)?;
    sync_folder_of(path).map_err(system)
}

/// Makes the name of the file at `path` durable.
pub(super) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn fill(new: &Path, key: &DatabaseKey) -> Result<(), DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(new, flags)?;
    let engine = |error| DatabaseError::of(new, &error);
    unlock(&connection, key, Some(&salt())).map_err(engine)?;
    connection
        .execute_batch("PRAGMA auto_vacuum = INCREMENTAL")
        .map_err(engine)?;
    connection
        .pragma_update(None, "application_id", schema::APPLICATION_ID)
        .map_err(engine)?;
    schema::migrate(&mut connection, 0).map_err(engine)?;
    connection.close().map_err(|(_, error)| engine(error))
}

/// A salt in hexadecimal digits: the magic and eight random bytes. Each page has a random vector of its own besides.
fn salt() -> String {
    let mut bytes = [0; SALT_BYTES];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[MAGIC.len()..].copy_from_slice(&rand::random::<[u8; SALT_BYTES - MAGIC.len()]>());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
