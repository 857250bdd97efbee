//! The session machine's state in its tables: rebuilt as records in order, changed by records as they come.
//!
//! Invariant: within the transaction that applies a record, tables and `State` say the same afterwards.

use std::collections::BTreeSet;

use bytes::Bytes;
use ringpost_client_core::{ChatSummary, OutboxEntry, Record, State};
use ringpost_wire::{ChatId, ContentClass, DeviceAddress, UserId};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

/// A column's bytes as an id.
pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; 16]> {
    row.get(column)
}

/// A column as an unsigned number.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// A column as a content class.
pub(super) fn content_class(row: &Row<'_>, column: usize) -> rusqlite::Result<ContentClass> {
    match row.get::<_, i64>(column)? {
        0 => Ok(ContentClass::Visible),
        1 => Ok(ContentClass::Silent),
        _ => Err(impossible(column)),
    }
}

/// The error for a value that is never written.
pub(super) fn impossible(column: usize) -> rusqlite::Error {
    let error = "an impossible value".into();
    rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, error)
}

/// Rebuilds the state.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<State> {
    let mut state = State::default();
    let mut apply = |record: &Record| state.apply(record).map_err(|_| impossible(0));
    if let Some(owner) = owner(connection)? {
        apply(&Record::Owner(owner))?;
    }
    for (chat, summary) in summaries(connection)? {
        for entry in outbox(connection, chat)? {
            let next_client_seq = entry.client_seq;
            let before = ChatSummary {
                next_client_seq,
                ..summary
            };
            apply(&Record::Chat {
                chat,
                summary: before,
            })?;
            apply(&Record::Accepted { chat, entry })?;
        }
        apply(&Record::Chat { chat, summary })?;
    }
    Ok(state)
}

fn owner(connection: &Connection) -> rusqlite::Result<Option<DeviceAddress>> {
    connection.query_row("SELECT owner_user, owner_device FROM meta", [], |row| {
        let (user, device): (Option<[u8; 16]>, Option<u32>) = (row.get(0)?, row.get(1)?);
        Ok(user.zip(device).map(|(user, device)| DeviceAddress {
            user: UserId(user),
            device,
        }))
    })
}

fn summaries(connection: &Connection) -> rusqlite::Result<Vec<(ChatId, ChatSummary)>> {
    let mut statement = connection.prepare(
        "SELECT chat, next_client_seq, highest_client_seq, careful_to, last_accepted, cursor FROM chat",
    )?;
    let rows = statement.query_map([], |row| {
        let summary = ChatSummary {
            next_client_seq: number(row, 1)?,
            highest_client_seq: number(row, 2)?,
            careful_to: number(row, 3)?,
            last_accepted: number(row, 4)?,
            cursor: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
        };
        Ok((ChatId(id(row, 0)?), summary))
    })?;
    rows.collect()
}

fn outbox(connection: &Connection, chat: ChatId) -> rusqlite::Result<Vec<OutboxEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT client_seq, message_id, floor, device_epoch, content_class, payload FROM outbox WHERE chat = ?1",
    )?;
    let rows = statement.query_map([&chat.0], |row| {
        Ok(OutboxEntry {
            client_seq: number(row, 0)?,
            message_id: number(row, 1)?,
            floor: number(row, 2)?,
            device_epoch: row.get(3)?,
            content_class: content_class(row, 4)?,
            payload: Bytes::from(row.get::<_, Vec<u8>>(5)?),
        })
    })?;
    let mut entries: Vec<OutboxEntry> = rows.collect::<rusqlite::Result<_>>()?;
    entries.sort_unstable_by_key(|entry| entry.client_seq);
    Ok(entries)
}

/// Applies a record to the state and the outbox, and notes the chat in `touched`.
pub(super) fn apply(
    connection: &Connection,
    state: &mut State,
    record: &Record,
    touched: &mut BTreeSet<ChatId>,
) -> rusqlite::Result<()> {
    let leaving = leaving(state, record);
    let is_applied = state.apply(record).is_ok();
    assert!(
        is_applied,
        "records come in the order in which they were made"
    );
    if let Some((chat, message_id)) = leaving {
        connection
            .prepare_cached("DELETE FROM outbox WHERE chat = ?1 AND message_id = ?2")?
            .execute(params![chat.0, message_id.cast_signed()])?;
    }
    match record {
        Record::Owner(device) => {
            connection.execute(
                "UPDATE meta SET owner_user = ?1, owner_device = ?2",
                params![device.user.0, device.device],
            )?;
        }
        Record::Accepted { chat, entry } => insert(connection, *chat, entry)?,
        Record::Withdrawn { chat, .. } | Record::Renumbered { chat, .. } => {
            renumber(connection, state, *chat)?;
        }
        Record::Settled { .. } | Record::Confirmed { .. } | Record::Chat { .. } => {}
    }
    touched.extend(chat_of(record));
    Ok(())
}

fn chat_of(record: &Record) -> Option<ChatId> {
    match record {
        Record::Owner(_) => None,
        Record::Accepted { chat, .. }
        | Record::Settled { chat, .. }
        | Record::Withdrawn { chat, .. }
        | Record::Renumbered { chat, .. }
        | Record::Confirmed { chat, .. }
        | Record::Chat { chat, .. } => Some(*chat),
    }
}

/// The message that a record takes out of the outbox.
fn leaving(state: &State, record: &Record) -> Option<(ChatId, u64)> {
    let (Record::Settled {
        chat, client_seq, ..
    }
    | Record::Withdrawn { chat, client_seq }) = record
    else {
        return None;
    };
    let known = state.chat(*chat)?;
    let entry = known.outbox().get(known.position(*client_seq)?)?;
    Some((*chat, entry.message_id))
}

fn insert(connection: &Connection, chat: ChatId, entry: &OutboxEntry) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO outbox VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            chat.0,
            entry.message_id.cast_signed(),
            entry.client_seq.cast_signed(),
            entry.floor.cast_signed(),
            entry.device_epoch,
            entry.content_class as u8,
            entry.payload.as_ref(),
        ])?;
    Ok(())
}

/// Writes the numbers of a chat's outbox as the state has them.
fn renumber(connection: &Connection, state: &State, chat: ChatId) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("UPDATE outbox SET client_seq = ?3 WHERE chat = ?1 AND message_id = ?2")?;
    for entry in state.outbox(chat) {
        let (message_id, client_seq) = (entry.message_id, entry.client_seq);
        statement.execute(params![
            chat.0,
            message_id.cast_signed(),
            client_seq.cast_signed()
        ])?;
    }
    Ok(())
}

/// Writes all of a chat's state but its outbox.
pub(super) fn summarise(
    connection: &Connection,
    state: &State,
    chat: ChatId,
) -> rusqlite::Result<()> {
    let Some(known) = state.chat(chat) else {
        return Ok(());
    };
    let summary = known.summary();
    connection
        .prepare_cached("INSERT OR REPLACE INTO chat VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            chat.0,
            summary.next_client_seq.cast_signed(),
            summary.highest_client_seq.cast_signed(),
            summary.careful_to.cast_signed(),
            summary.last_accepted.cast_signed(),
            summary.cursor.map(u64::cast_signed),
        ])?;
    Ok(())
}
