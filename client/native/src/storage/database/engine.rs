//! The open database: one transaction a batch, durable where its caller needs it, and the state as the tables have it.
//!
//! After a full disk everything is as before the batch, and the next batch may succeed. After any other failure of a write
//! nothing more is written: what the system holds then is unknown.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ringpost_client_core::{Effect, State};
use ringpost_wire::ChatId;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use zeroize::Zeroizing;

use super::engine_error::DatabaseError;
use super::key::DatabaseKey;
use super::log::{self, Log};
use super::message::HistoryCursor;
use super::open::Opened;
use super::place::{self, Standing, Step};
use super::retention::{Retention, delete_chat, delete_message, keep_within};
use super::{history, open, session_state};

/// The open database.
pub(super) struct Engine {
    path: PathBuf,
    connection: Connection,
    state: State,
    retention: Retention,
    history_bytes: u64,
    /// Something was committed and not synced.
    is_dirty: bool,
    is_durable: bool,
    failed: Option<DatabaseError>,
    standing: Standing,
    log: Log,
    /// Holds the lock until it is dropped.
    lock: File,
}

/// Whether a database has a use for an effect.
pub(super) fn is_kept(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Persist(_)
            | Effect::Deliver(_)
            | Effect::Own(_)
            | Effect::SetBack
            | Effect::CaughtUp
            | Effect::Sent { .. }
            | Effect::Refused { .. }
            | Effect::Undetermined { .. }
            | Effect::Receipt { .. }
    )
}

impl Engine {
    /// Opens the database at `path`, or makes one where there is none.
    pub(super) fn open(
        path: &Path,
        key: &DatabaseKey,
        retention: Retention,
    ) -> Result<Self, DatabaseError> {
        let path =
            &open::without_link(path).map_err(|error| DatabaseError::system(path, &error))?;
        let Opened {
            connection,
            log,
            mut lock,
        } = open::open(path, key)?;
        let place = place::read(path, &mut lock);
        let place = place.map_err(|error| DatabaseError::system(path, &error))?;
        let mut engine = Self {
            path: path.to_owned(),
            connection,
            state: State::default(),
            retention,
            history_bytes: 0,
            // A killed client may have left in the log what was never synced.
            is_dirty: log.was_there(),
            is_durable: true,
            failed: None,
            standing: Standing::default(),
            log,
            lock,
        };
        engine.load()?;
        engine.standing = engine.read(|connection| Standing::of(connection, &place))?;
        engine.standing.is_set_back |= log.is_missing;
        if engine.standing.is_unused {
            engine.begin()?;
        }
        Ok(engine)
    }

    /// Gives a file that was never used its first place, in the file itself.
    fn begin(&mut self) -> Result<(), DatabaseError> {
        let place = self.new_place()?;
        self.write(true, |transaction, _| {
            place::keep(transaction, Some(&place))
        })?;
        let moved = self.log.move_on(&self.connection, "PASSIVE");
        moved.map_err(|error| self.error(&error))
    }

    /// Reads what is also kept in memory.
    fn load(&mut self) -> Result<(), DatabaseError> {
        let state = session_state::load(&self.connection);
        self.state = state.map_err(|error| self.unreadable(&error))?;
        let bytes = self
            .connection
            .query_row("SELECT history_bytes FROM meta", [], |row| {
                session_state::number(row, 0)
            });
        self.history_bytes = bytes.map_err(|error| self.unreadable(&error))?;
        Ok(())
    }

    fn error(&self, error: &rusqlite::Error) -> DatabaseError {
        DatabaseError::of(&self.path, error)
    }

    /// A value that is never written is damage too.
    fn unreadable(&self, error: &rusqlite::Error) -> DatabaseError {
        match self.error(error) {
            DatabaseError::Failed { path, what } if error.sqlite_error_code().is_none() => {
                DatabaseError::Damaged { path, what }
            }
            other => other,
        }
    }

    /// Whether the state may be older than what its client did since.
    pub(super) fn is_set_back(&self) -> bool {
        self.standing.is_set_back
    }

    pub(super) fn state(&self) -> State {
        self.state.clone()
    }

    /// Writes what the effects say, in one transaction. With `durable` it is synced, and everything before it too.
    pub(super) fn append(
        &mut self,
        effects: &[Effect],
        durable: bool,
    ) -> Result<(), DatabaseError> {
        let needs_sync = durable && self.is_dirty;
        if effects.is_empty() && !needs_sync {
            return self.failed.clone().map_or(Ok(()), Err);
        }
        let now = Instant::now();
        let step = self.standing.step(effects, now);
        let place = match step {
            Step::Renew => Some(self.new_place()?),
            Step::Stay | Step::Clear => None,
        };
        self.write(durable, |transaction, change| {
            if step != Step::Stay {
                place::keep(transaction, place.as_deref())?;
            }
            let mut touched = BTreeSet::new();
            for effect in effects {
                let added = history::write(transaction, effect)?;
                change.history_bytes = change.history_bytes.saturating_add_signed(added);
                if let Effect::Persist(record) = effect {
                    session_state::apply(transaction, change.state, record, &mut touched)?;
                }
            }
            for chat in touched {
                session_state::summarise(transaction, change.state, chat)?;
            }
            Ok(())
        })?;
        self.standing.stepped(step, effects, now);
        Ok(())
    }

    /// The file's place with a new mark.
    fn new_place(&mut self) -> Result<Vec<u8>, DatabaseError> {
        self.failed.clone().map_or(Ok(()), Err)?;
        place::renew(&self.path, &mut self.lock).map_err(|error| {
            let error = DatabaseError::system(&self.path, &error);
            if !matches!(error, DatabaseError::Full(_)) {
                self.failed = Some(error.clone());
            }
            error
        })
    }

    /// Deletes one message of the history. Answers whether there was one.
    pub(super) fn delete_message(
        &mut self,
        chat: ChatId,
        cursor: HistoryCursor,
    ) -> Result<bool, DatabaseError> {
        let mut is_deleted = false;
        self.write(true, |transaction, change| {
            let freed = delete_message(transaction, chat, cursor)?;
            is_deleted = freed.is_some();
            change.history_bytes = change.history_bytes.saturating_sub(freed.unwrap_or(0));
            Ok(())
        })?;
        Ok(is_deleted)
    }

    /// Deletes a chat's history and gives its room back to the disk.
    pub(super) fn delete_chat(&mut self, chat: ChatId) -> Result<(), DatabaseError> {
        self.write(true, |transaction, change| {
            let freed = delete_chat(transaction, chat)?;
            change.history_bytes = change.history_bytes.saturating_sub(freed);
            give_room_back(transaction)
        })
    }

    /// Encrypts everything with another key.
    pub(super) fn rekey(&mut self, key: &DatabaseKey) -> Result<(), DatabaseError> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let done = self
            .set_durable(true)
            .and_then(|()| rekey(&self.connection, key))
            .and_then(|()| self.log.move_on(&self.connection, "TRUNCATE"));
        done.map_err(|error| {
            let error = self.error(&error);
            self.failed = Some(error.clone());
            error
        })
    }

    /// Reads with `read`.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DatabaseError> {
        read(&self.connection).map_err(|error| self.unreadable(&error))
    }

    /// Reads every page and checks it. Answers what is wrong, in words.
    pub(super) fn check(&self) -> Result<Vec<String>, DatabaseError> {
        self.read(|connection| {
            let mut findings = Vec::new();
            for pragma in ["PRAGMA cipher_integrity_check", "PRAGMA integrity_check"] {
                let mut statement = connection.prepare(pragma)?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                findings.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            findings.retain(|finding| finding != "ok");
            Ok(findings)
        })
    }

    /// Moves the log's content into the file and closes it.
    pub(super) fn close(mut self) -> Result<(), DatabaseError> {
        let is_to_say = self.failed.is_none() && !self.standing.is_set_back;
        // Where that fails the file shows as set back, which does no harm.
        if is_to_say && self.read(log::is_open)? {
            self.write(false, |transaction, _| log::set_closed(transaction))?;
        }
        let path = self.path;
        let closed = self.connection.close();
        closed.map_err(|(_, error)| DatabaseError::of(&path, &error))
    }

    fn set_durable(&mut self, durable: bool) -> rusqlite::Result<()> {
        if self.is_durable != durable {
            let level = if durable { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.is_durable = durable;
        }
        Ok(())
    }

    /// Runs `change` in a transaction of its own, keeps the history within its limits, and commits.
    fn write(
        &mut self,
        durable: bool,
        change: impl FnOnce(&Transaction<'_>, &mut Change<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), DatabaseError> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let done = self
            .set_durable(durable)
            .and_then(|()| self.transact(change));
        match done {
            Ok(()) => {
                self.is_dirty = !durable;
                self.tidy();
                Ok(())
            }
            Err(error) => Err(self.recover(&error)),
        }
    }

    /// After a commit. What goes wrong here concerns the next one: what was asked is done.
    fn tidy(&mut self) {
        if let Err(error) = self.log.committed(&self.connection) {
            let error = self.error(&error);
            if !matches!(error, DatabaseError::Full(_)) {
                self.failed = Some(error);
            }
        }
    }

    fn transact(
        &mut self,
        change: impl FnOnce(&Transaction<'_>, &mut Change<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let begin = TransactionBehavior::Immediate;
        let log = self.log;
        let transaction = self.connection.transaction_with_behavior(begin)?;
        log.begin(&transaction)?;
        let mut under_way = Change {
            state: &mut self.state,
            history_bytes: self.history_bytes,
        };
        change(&transaction, &mut under_way)?;
        let bytes = keep_within(&transaction, &self.retention, under_way.history_bytes)?;
        // A commit is synced only if it changes something.
        transaction
            .prepare_cached("UPDATE meta SET history_bytes = ?1, syncs = syncs + 1")?
            .execute([bytes.cast_signed()])?;
        transaction.commit()?;
        self.history_bytes = bytes;
        Ok(())
    }

    /// After a failed transaction: goes back to what is committed, or gives up for good.
    fn recover(&mut self, error: &rusqlite::Error) -> DatabaseError {
        let error = self.error(error);
        let is_whole = matches!(error, DatabaseError::Full(_)) && self.load().is_ok();
        if !is_whole {
            self.failed = Some(error.clone());
        }
        error
    }
}

/// Writes all pages anew, into the log.
fn rekey(connection: &Connection, key: &DatabaseKey) -> rusqlite::Result<()> {
    let digits = key.hexadecimal();
    let mut statement = Zeroizing::new(String::with_capacity(256));
    statement.push_str("PRAGMA rekey = \"x'");
    statement.push_str(&digits);
    statement.push_str("'\"");
    connection.execute_batch(&statement)
}

/// Gives free pages back. Each row that the statement gives is one of them.
fn give_room_back(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut pages = statement.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}

/// What a transaction changes besides the tables.
struct Change<'a> {
    state: &'a mut State,
    history_bytes: u64,
}

#[cfg(test)]
impl Engine {
    /// Lets the file not grow any more, as a full disk does.
    pub(super) fn limit_pages(&self, is_limited: bool) {
        let pages: i64 = self
            .connection
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        let most = if is_limited { pages } else { 1 << 30 };
        let set = format!("PRAGMA max_page_count = {most}");
        self.connection.query_row(&set, [], |_| Ok(())).unwrap();
    }

    /// As far as `close` comes before the log is moved on.
    pub(super) fn close_in_log(&mut self) {
        let closed = self.write(false, |transaction, _| log::set_closed(transaction));
        closed.unwrap();
    }

    /// As far as `rekey` comes before the log is moved on.
    pub(super) fn rekey_in_log(&self, key: &DatabaseKey) {
        rekey(&self.connection, key).unwrap();
    }

    pub(super) fn set_version(&self, version: i64) {
        self.connection
            .pragma_update(None, "user_version", version)
            .unwrap();
    }

    pub(super) fn set_kept_ms(&self, kept_ms: i64) {
        self.connection
            .execute("UPDATE history SET kept_ms = ?1", [kept_ms])
            .unwrap();
    }
}
