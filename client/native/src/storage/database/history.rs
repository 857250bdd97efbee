//! What the machine tells, written into the history: messages accepted, answered and delivered, and receipts.
//!
//! Invariant: each message has one row. Told again, nothing changes. A row that waits stands for a message in the outbox. Where
//! the history has a message at a place already, it keeps that one.

use std::time::SystemTime;

use ringpost_client_core::{Effect, Incoming, OutboxEntry, Record};
use ringpost_wire::{ChatId, DeviceAddress, MessageId, Seq, UserId};
use rusqlite::{Connection, params};

use super::message::MessageState;
use super::schema::WAITING_PLACE;

const RECEIVED: i64 = 0;
/// The index of waiting messages names this number.
pub(super) const WAITING: i64 = 1;
const SENT: i64 = 2;
const REFUSED: i64 = 3;
const UNDETERMINED: i64 = 4;

/// The state that a row's numbers stand for.
pub(super) fn state(number: i64, code: u16) -> Option<MessageState> {
    Some(match number {
        RECEIVED => MessageState::Received,
        WAITING => MessageState::Waiting,
        SENT => MessageState::Sent,
        REFUSED => MessageState::Refused(ringpost_wire::ErrorCode::from_wire(code)?),
        UNDETERMINED => MessageState::Undetermined,
        _ => return None,
    })
}

/// The time by this device, in milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}

/// Writes what an effect says. Answers the payload bytes that it added, or took away.
pub(super) fn write(connection: &Connection, effect: &Effect) -> rusqlite::Result<i64> {
    match effect {
        Effect::Persist(Record::Accepted { chat, entry }) => {
            return accepted(connection, *chat, entry);
        }
        Effect::Deliver(message) => return delivered(connection, message, Some(message.sender)),
        Effect::Own(message) => return delivered(connection, message, None),
        Effect::Sent {
            chat,
            message_id,
            seq,
            time_ms,
        } => return sent(connection, *chat, *message_id, (*seq, *time_ms)),
        Effect::Refused {
            chat,
            message_id,
            code,
            ..
        } => unplaced(connection, *chat, *message_id, (REFUSED, *code as u16))?,
        Effect::Undetermined { chat, message_id } => {
            unplaced(connection, *chat, *message_id, (UNDETERMINED, 0))?;
        }
        Effect::Receipt {
            chat,
            user,
            delivered_to,
            read_to,
        } => receipt(connection, *chat, *user, (*delivered_to, *read_to))?,
        _ => {}
    }
    Ok(0)
}

fn accepted(connection: &Connection, chat: ChatId, entry: &OutboxEntry) -> rusqlite::Result<i64> {
    let now_ms = now_ms();
    connection
        .prepare_cached(
            "INSERT INTO history (chat, place, turn, message_id, time_ms, kept_ms, content_class, state, code, payload)
             VALUES (?1, ?2, (SELECT coalesce(max(id), 0) + 1 FROM history), ?3, ?4, ?4, ?5, ?6, 0, ?7)",
        )?
        .execute(params![
            chat.0,
            WAITING_PLACE,
            entry.message_id.cast_signed(),
            now_ms,
            entry.content_class as u8,
            WAITING,
            entry.payload.as_ref(),
        ])?;
    conversation(connection, chat, now_ms)?;
    Ok(entry.payload.len() as i64)
}

/// A message of another device, or of this one (`None`), as the chat's log has it.
fn delivered(
    connection: &Connection,
    message: &Incoming,
    sender: Option<DeviceAddress>,
) -> rusqlite::Result<i64> {
    let rows = connection
        .prepare_cached(
            "INSERT INTO history (chat, place, turn, message_id, sender_user, sender_device, time_ms, kept_ms, content_class,
             state, code, payload) VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10)
             ON CONFLICT (chat, place, turn) DO NOTHING",
        )?
        .execute(params![
            message.chat.0,
            message.seq.cast_signed(),
            message.message_id.cast_signed(),
            sender.map(|sender| sender.user.0),
            sender.map(|sender| sender.device),
            message.time_ms.cast_signed(),
            now_ms(),
            message.content_class as u8,
            sender.map_or(SENT, |_| RECEIVED),
            message.payload.as_ref(),
        ])?;
    conversation(connection, message.chat, message.time_ms.cast_signed())?;
    Ok(rows as i64 * message.payload.len() as i64)
}

fn conversation(connection: &Connection, chat: ChatId, last_ms: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO conversation VALUES (?1, ?2)
             ON CONFLICT (chat) DO UPDATE SET last_ms = max(last_ms, excluded.last_ms)",
        )?
        .execute(params![chat.0, last_ms])?;
    Ok(())
}

fn sent(
    connection: &Connection,
    chat: ChatId,
    message_id: MessageId,
    (seq, time_ms): (Seq, u64),
) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "UPDATE OR IGNORE history SET place = ?3, turn = 0, time_ms = ?4, state = ?5
             WHERE chat = ?1 AND message_id = ?2 AND state = 1",
        )?
        .execute(params![
            chat.0,
            message_id.cast_signed(),
            seq.cast_signed(),
            time_ms.cast_signed(),
            SENT
        ])?;
    // What still waits found its place taken: the log was read before the answer came.
    let mut left_over = connection.prepare_cached(
        "DELETE FROM history WHERE chat = ?1 AND message_id = ?2 AND state = 1 RETURNING length(payload)",
    )?;
    let lengths = left_over.query_map(params![chat.0, message_id.cast_signed()], |row| {
        row.get::<_, i64>(0)
    })?;
    Ok(-lengths.sum::<rusqlite::Result<i64>>()?)
}

/// A message that has no place stays behind the last one that has one, as it was when this became known.
fn unplaced(
    connection: &Connection,
    chat: ChatId,
    message_id: MessageId,
    (state, code): (i64, u16),
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE history SET turn = id, state = ?3, code = ?4, place =
               (SELECT coalesce(max(place), 0) FROM history WHERE chat = ?1 AND place < ?5)
             WHERE chat = ?1 AND message_id = ?2 AND state = 1",
        )?
        .execute(params![
            chat.0,
            message_id.cast_signed(),
            state,
            code,
            WAITING_PLACE
        ])?;
    Ok(())
}

fn receipt(
    connection: &Connection,
    chat: ChatId,
    user: Option<UserId>,
    (delivered_to, read_to): (Seq, Seq),
) -> rusqlite::Result<()> {
    let user = user.map_or(Vec::new(), |user| user.0.to_vec());
    connection
        .prepare_cached(
            "INSERT INTO receipt VALUES (?1, ?2, ?3, ?4) ON CONFLICT (chat, user) DO UPDATE SET
             delivered_to = max(delivered_to, excluded.delivered_to), read_to = max(read_to, excluded.read_to)",
        )?
        .execute(params![
            chat.0,
            user,
            delivered_to.cast_signed(),
            read_to.cast_signed()
        ])?;
    Ok(())
}
