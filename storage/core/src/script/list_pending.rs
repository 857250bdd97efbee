//! `ListPending`: the chats that hold messages for a device; pages in the order of ids, each newest first.

use core::cmp::Reverse;

use ringpost_wire::limits::PENDING_CHATS_MAX;
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, PendingChat, Seq, UserId};

use super::chat;
use crate::Outcome;
use crate::key;
use crate::outcome::PendingRead;
use crate::overlay::{DamagedRow, Halt, Overlay};
use crate::row::{Pending, Row};
use crate::store::{self, Read};

/// Bytes of pending rows read at a time.
const ROW_BYTES_MAX: u32 = 200_000;

/// The read of a user's pending rows after `after`.
pub(super) fn rows(user: UserId, after: Option<ChatId>, chats_max: u16) -> Read {
    Read::Range {
        range: key::pending::range_after(user, after),
        rows_max: u32::from(chats_max).min(PENDING_CHATS_MAX as u32),
        bytes_max: ROW_BYTES_MAX,
    }
}

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    after: Option<ChatId>,
    chats_max: u16,
) -> Result<Outcome, Halt> {
    if chats_max == 0 {
        return Ok(Outcome::Failed(ErrorCode::InvalidRequest));
    }
    let page = overlay.read_range(&rows(device.user, after, chats_max))?;
    let mut chats = Vec::with_capacity(page.rows.len());
    let mut halt = None;
    for row in &page.rows {
        match pending_chat(overlay, device, row) {
            Ok(chat) => chats.extend(chat),
            Err(error) => halt = halt.or(Some(error)),
        }
    }
    if let Some(halt) = halt {
        return Err(halt);
    }
    chats.sort_unstable_by_key(|entry| (Reverse(entry.last_time_ms), entry.chat));
    let last = page.rows.last().filter(|_| page.more);
    let next = last.and_then(|row| key::pending::decode(&row.key));
    Ok(Outcome::Pending(PendingRead {
        chats,
        next: next.map(|(_, chat)| chat),
    }))
}

/// The entry of a pending row; `None` when other devices of the user are behind and this one is not.
fn pending_chat(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    row: &store::Row,
) -> Result<Option<PendingChat>, Halt> {
    let pending = Pending::decode(&row.value).map_err(|damage| DamagedRow::of(row.key, damage))?;
    let key = key::pending::decode(&row.key);
    let (Some(from), Some((_, chat))) = (pending.next_of(device.device), key) else {
        return Ok(None);
    };
    describe(overlay, device, chat, from).map(Some)
}

fn describe(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    chat: ChatId,
    from: Seq,
) -> Result<PendingChat, Halt> {
    let head = chat::head(overlay, chat)?.ok_or(DamagedRow {
        key: key::head::encode(chat),
        what: "missing head",
    })?;
    let marks = chat::marks_of_others(overlay, chat, &head, device.user)?;
    Ok(PendingChat {
        chat,
        from,
        head: head.last_seq(),
        delivered_to: marks.delivered_to,
        read_to: marks.read_to,
        last_time_ms: head.last_time_ms,
    })
}
