//! `ListPending`: the chats that hold messages for a device, or all that deliver to it; pages in the order of ids, each newest first.

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

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Continue after this chat.
    after: Option<ChatId>,
    chats_max: u16,
    /// Every chat that delivers to the device, also those in which it has everything.
    all: bool,
}

impl Wanted {
    pub(super) fn new(after: Option<ChatId>, chats_max: u16, all: bool) -> Self {
        Self {
            after,
            chats_max,
            all,
        }
    }
}

/// The read of a user's pending rows, or of its memberships.
pub(super) fn rows(user: UserId, wanted: Wanted) -> Read {
    Read::Range {
        range: match wanted.all {
            true => key::membership::range_after(user, wanted.after),
            false => key::pending::range_after(user, wanted.after),
        },
        rows_max: u32::from(wanted.chats_max).min(PENDING_CHATS_MAX as u32),
        bytes_max: ROW_BYTES_MAX,
    }
}

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    wanted: Wanted,
) -> Result<Outcome, Halt> {
    if wanted.chats_max == 0 {
        return Ok(Outcome::Failed(ErrorCode::InvalidRequest));
    }
    let page = overlay.read_range(&rows(device.user, wanted))?;
    let mut chats = Vec::with_capacity(page.rows.len());
    let mut halt = None;
    // Planted: the last chat of a page that is not the last is left out.
    let left_out = usize::from(cfg!(planted = "list_off_by_one") && page.more);
    for row in &page.rows[..page.rows.len() - left_out] {
        let listed = match wanted.all {
            true => any_chat(overlay, device, row),
            false => pending_chat(overlay, device, row),
        };
        match listed {
            Ok(chat) => chats.extend(chat),
            Err(error) => halt = halt.or(Some(error)),
        }
    }
    if let Some(halt) = halt {
        return Err(halt);
    }
    chats.sort_unstable_by_key(|entry| (Reverse(entry.last_time_ms), entry.chat));
    let last = page.rows.last().filter(|_| page.more);
    let next = last.and_then(|row| match wanted.all {
        true => key::membership::decode(&row.key),
        false => key::pending::decode(&row.key),
    });
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
    describe(overlay, device, chat, Some(from)).map(Some)
}

/// The entry of a membership; `None` where the chat does not deliver to the device.
fn any_chat(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    row: &store::Row,
) -> Result<Option<PendingChat>, Halt> {
    let Some((user, chat)) = key::membership::decode(&row.key) else {
        return Ok(None);
    };
    let party = chat::party(overlay, chat, user);
    let entry = describe(overlay, device, chat, None);
    let Some(party) = party? else {
        return Ok(None);
    };
    let devices = &party.member.devices;
    if devices.iter().all(|entry| entry.device != device.device) {
        return Ok(None);
    }
    let mut entry = entry?;
    if let Some(from) = party.next_of(device.device) {
        entry.from = from;
    }
    Ok(Some(entry))
}

fn describe(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    chat: ChatId,
    from: Option<Seq>,
) -> Result<PendingChat, Halt> {
    let head = chat::head(overlay, chat)?.ok_or(DamagedRow {
        key: key::head::encode(chat),
        what: "missing head",
    })?;
    let marks = chat::marks_of_others(overlay, chat, &head, device.user)?;
    Ok(PendingChat {
        chat,
        from: from.unwrap_or(head.next_seq),
        head: head.last_seq(),
        delivered_to: marks.delivered_to,
        read_to: marks.read_to,
        last_time_ms: head.last_time_ms,
    })
}
