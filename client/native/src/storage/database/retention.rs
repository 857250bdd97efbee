//! How much history is kept, and deleting it: what arrived first goes first. Messages in the outbox always stay.

use std::time::Duration;

use ringpost_wire::ChatId;
use rusqlite::{Connection, params};

use super::history::{WAITING, now_ms};
use super::limits::{DELETE_STEP, HISTORY_BYTES_DEFAULT};
use super::message::HistoryCursor;

/// How much history is kept. Messages beyond it are deleted on this device as others arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Bytes of payload, over all chats.
    pub bytes_max: u64,
    /// Time since a message was accepted or delivered here; `None` for no limit.
    pub age_max: Option<Duration>,
}

impl Default for Retention {
    /// A gibibyte, whatever its age.
    fn default() -> Self {
        Self {
            bytes_max: HISTORY_BYTES_DEFAULT,
            age_max: None,
        }
    }
}

/// Deletes what is beyond the limits. Answers the payload bytes that are left of `bytes`.
pub(super) fn keep_within(
    connection: &Connection,
    retention: &Retention,
    mut bytes: u64,
) -> rusqlite::Result<u64> {
    while bytes > retention.bytes_max {
        let excess = i64::try_from(bytes - retention.bytes_max).unwrap_or(i64::MAX);
        let freed = delete_first(connection, i64::MAX, excess)?;
        let Some(freed) = freed else { break };
        bytes = bytes.saturating_sub(freed);
    }
    if let Some(age_max) = retention.age_max {
        let age_ms = i64::try_from(age_max.as_millis()).unwrap_or(i64::MAX);
        let before_ms = now_ms().saturating_sub(age_ms);
        while let Some(freed) = delete_first(connection, before_ms, i64::MAX)? {
            bytes = bytes.saturating_sub(freed);
        }
    }
    Ok(bytes)
}

/// Deletes some of the messages that came first, if they were kept before `before_ms`, and no more of them than `excess` bytes ask
/// for. Answers their payload bytes.
fn delete_first(
    connection: &Connection,
    before_ms: i64,
    excess: i64,
) -> rusqlite::Result<Option<u64>> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM history WHERE id IN (
             SELECT id FROM (
                 SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before FROM (
                     SELECT id, length(payload) AS bytes FROM history WHERE state <> ?1 ORDER BY id LIMIT ?2))
             WHERE bytes_before < ?4) AND kept_ms < ?3
         RETURNING length(payload)",
    )?;
    let values = params![WAITING, DELETE_STEP, before_ms, excess];
    sum(statement.query_map(values, |row| row.get(0))?)
}

fn sum(lengths: impl Iterator<Item = rusqlite::Result<i64>>) -> rusqlite::Result<Option<u64>> {
    let mut total = None;
    for length in lengths {
        total = Some(total.unwrap_or(0) + length?.unsigned_abs());
    }
    Ok(total)
}

/// Deletes one message. Answers its payload bytes; `None` if there is none, or it is in the outbox.
pub(super) fn delete_message(
    connection: &Connection,
    chat: ChatId,
    cursor: HistoryCursor,
) -> rusqlite::Result<Option<u64>> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM history WHERE chat = ?1 AND place = ?2 AND turn = ?3 AND state <> ?4 RETURNING length(payload)",
    )?;
    let values = params![chat.0, cursor.place, cursor.turn, WAITING];
    sum(statement.query_map(values, |row| row.get(0))?)
}

/// Deletes a chat's messages but for those in the outbox. Answers their payload bytes.
pub(super) fn delete_chat(connection: &Connection, chat: ChatId) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM history WHERE chat = ?1 AND state <> ?2 RETURNING length(payload)",
    )?;
    let freed = sum(statement.query_map(params![chat.0, WAITING], |row| row.get(0))?)?;
    connection.execute(
        "DELETE FROM conversation WHERE chat = ?1 AND NOT EXISTS (SELECT 1 FROM history WHERE chat = ?1)",
        [&chat.0],
    )?;
    Ok(freed.unwrap_or(0))
}
