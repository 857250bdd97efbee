//! Reading the history: pages of a chat, newest first; the list of conversations; receipts.

use bytes::Bytes;
use ringpost_wire::{ChatId, DeviceAddress, UserId};
use rusqlite::{Connection, Row, params};

use super::history;
use super::limits::{CONVERSATIONS_MAX, PAGE_MESSAGES_MAX};
use super::message::{Conversation, HistoryCursor, HistoryMessage, HistoryPage, Receipt};
use super::schema::WAITING_PLACE;
use super::session_state::{content_class, id, impossible, number};

const FIRST: HistoryCursor = HistoryCursor {
    place: i64::MAX,
    turn: i64::MAX,
};

/// Up to `count` messages of a chat before `before`, newest first.
pub(super) fn page(
    connection: &Connection,
    chat: ChatId,
    before: Option<HistoryCursor>,
    count: usize,
) -> rusqlite::Result<HistoryPage> {
    let count = count.clamp(1, PAGE_MESSAGES_MAX);
    let before = before.unwrap_or(FIRST);
    let mut statement = connection.prepare_cached(
        "SELECT place, turn, message_id, sender_user, sender_device, time_ms, content_class, state, code, payload
         FROM history WHERE chat = ?1 AND (place, turn) < (?2, ?3) ORDER BY place DESC, turn DESC LIMIT ?4",
    )?;
    // One more than asked tells whether there is another page.
    let values = params![chat.0, before.place, before.turn, count as i64 + 1];
    let rows = statement.query_map(values, |row| message(row, chat))?;
    let mut messages: Vec<HistoryMessage> = rows.collect::<rusqlite::Result<_>>()?;
    let has_more = messages.len() > count;
    messages.truncate(count);
    let next = messages.last().filter(|_| has_more);
    Ok(HistoryPage {
        next: next.map(|message| message.cursor),
        messages,
    })
}

fn message(row: &Row<'_>, chat: ChatId) -> rusqlite::Result<HistoryMessage> {
    let cursor = HistoryCursor {
        place: row.get(0)?,
        turn: row.get(1)?,
    };
    let sender: (Option<[u8; 16]>, Option<u32>) = (row.get(3)?, row.get(4)?);
    let state = history::state(row.get(7)?, row.get(8)?).ok_or_else(|| impossible(7))?;
    let has_place = cursor.turn == 0 && cursor.place < WAITING_PLACE;
    Ok(HistoryMessage {
        chat,
        seq: has_place.then_some(cursor.place.cast_unsigned()),
        message_id: number(row, 2)?,
        sender: sender.0.zip(sender.1).map(|(user, device)| DeviceAddress {
            user: UserId(user),
            device,
        }),
        time_ms: number(row, 5)?,
        content_class: content_class(row, 6)?,
        state,
        payload: Bytes::from(row.get::<_, Vec<u8>>(9)?),
        cursor,
    })
}

/// The chats with messages, latest first.
pub(super) fn conversations(
    connection: &Connection,
    count: usize,
) -> rusqlite::Result<Vec<Conversation>> {
    let count = count.min(CONVERSATIONS_MAX) as i64;
    let mut statement = connection
        .prepare_cached("SELECT chat, last_ms FROM conversation ORDER BY last_ms DESC LIMIT ?1")?;
    let rows = statement.query_map([count], |row| {
        Ok(Conversation {
            chat: ChatId(id(row, 0)?),
            last_ms: number(row, 1)?,
        })
    })?;
    rows.collect()
}

/// How far the members of a chat have got, as far as this device was told.
pub(super) fn receipts(connection: &Connection, chat: ChatId) -> rusqlite::Result<Vec<Receipt>> {
    let mut statement = connection
        .prepare_cached("SELECT user, delivered_to, read_to FROM receipt WHERE chat = ?1")?;
    let rows = statement.query_map([&chat.0], |row| {
        let user: Vec<u8> = row.get(0)?;
        Ok(Receipt {
            user: <[u8; 16]>::try_from(user).ok().map(UserId),
            delivered_to: number(row, 1)?,
            read_to: number(row, 2)?,
        })
    })?;
    rows.collect()
}
