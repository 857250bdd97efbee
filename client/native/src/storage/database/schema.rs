//! The tables, and the steps from one version of them to the next.
//!
//! The version stands in the file's `user_version`; each step is one transaction. Numbers are kept as the signed numbers with the
//! same bits. `history.place` is a message's number in its chat; a message that waits for one stands at `WAITING_PLACE`.

use rusqlite::Connection;

/// Marks the file as a client's database: `RngC`.
pub(super) const APPLICATION_ID: i64 = 0x526E_6743;
/// The place of messages that are not answered: behind all others.
pub(super) const WAITING_PLACE: i64 = 1 << 62;

const _: () =
    assert!(ringpost_client_core::limits::PLAUSIBLE_SEQ_MAX <= WAITING_PLACE.unsigned_abs());

/// Each step leads from the version of its index to the next.
const STEPS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3];

const VERSION_1: &str = "
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    owner_user BLOB,
    owner_device INTEGER,
    history_bytes INTEGER NOT NULL,
    syncs INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, NULL, NULL, 0, 0);
CREATE TABLE chat (
    chat BLOB PRIMARY KEY,
    next_client_seq INTEGER NOT NULL,
    highest_client_seq INTEGER NOT NULL,
    careful_to INTEGER NOT NULL,
    last_accepted INTEGER NOT NULL,
    cursor INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    chat BLOB NOT NULL,
    message_id INTEGER NOT NULL,
    client_seq INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    device_epoch INTEGER NOT NULL,
    content_class INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (chat, message_id)
) STRICT;
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    chat BLOB NOT NULL,
    place INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    sender_user BLOB,
    sender_device INTEGER,
    time_ms INTEGER NOT NULL,
    kept_ms INTEGER NOT NULL,
    content_class INTEGER NOT NULL,
    state INTEGER NOT NULL,
    code INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX history_order ON history (chat, place, turn);
CREATE INDEX history_waiting ON history (chat, message_id) WHERE state = 1;
CREATE TABLE receipt (
    chat BLOB NOT NULL,
    user BLOB NOT NULL,
    delivered_to INTEGER NOT NULL,
    read_to INTEGER NOT NULL,
    PRIMARY KEY (chat, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE conversation (
    chat BLOB PRIMARY KEY,
    last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What tells the file from a copy of it: see `place`.
const VERSION_2: &str = "ALTER TABLE meta ADD COLUMN place BLOB;";

/// What tells the file's own log from another: see `log`.
const VERSION_3: &str = "
ALTER TABLE meta ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0;
";

/// The first version with generations.
pub(super) const GENERATIONS_SINCE: i64 = 3;

/// The version that this software writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// The version of the tables.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the file was made by this software.
pub(super) fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(id == APPLICATION_ID)
}

/// Brings the tables from `version` to `VERSION`.
pub(super) fn migrate(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    run(connection, STEPS, version)
}

fn run(connection: &mut Connection, steps: &[&str], version: i64) -> rusqlite::Result<()> {
    let done = usize::try_from(version).unwrap_or(0);
    for (step, next) in steps.iter().zip(1i64..).skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", next)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_run_from_where_the_file_stands() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1)",
            "ALTER TABLE a ADD COLUMN m INTEGER; UPDATE a SET m = n + 1",
        ];
        run(&mut connection, &steps[..1], 0).unwrap();
        assert_eq!(version(&connection).unwrap(), 1);
        run(&mut connection, &steps, 1).unwrap();
        run(&mut connection, &steps, 2).unwrap();
        assert_eq!(version(&connection).unwrap(), 2);
        let m: i64 = connection
            .query_row("SELECT m FROM a", [], |row| row.get(0))
            .unwrap();
        assert_eq!(m, 2);
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE a (n INTEGER)",
            "CREATE TABLE b (n INTEGER); nonsense",
        ];
        assert!(run(&mut connection, &steps, 0).is_err());
        assert_eq!(version(&connection).unwrap(), 1);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }
}
