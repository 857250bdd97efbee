//! `MarkRead`: a user has read up to a number. The mark moves forward, never back.

use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, Receipt, Seq};

use super::chat::{self, Party};
use crate::Outcome;
use crate::key;
use crate::outcome::{ReadMarked, ReceiptDue};
use crate::overlay::{Halt, Overlay};
use crate::row::{Head, ReadCursor};

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    device: DeviceAddress,
    read_to: Seq,
) -> Result<Outcome, Halt> {
    let Some(mut head) = chat::head(overlay, chat)? else {
        return Ok(Outcome::Failed(ErrorCode::UnknownChat));
    };
    let party = chat::party(overlay, chat, device.user)?;
    let is_member = party.is_some();
    let Some(party) = party.filter(|party| party.member.has_device(device.device)) else {
        return Ok(Outcome::Failed(chat::no_access(is_member)));
    };
    if read_to > head.last_seq() {
        return Ok(Outcome::Failed(ErrorCode::BeyondHead));
    }
    let read_before = chat::read_to(overlay, chat, &head, device.user)?;
    if read_to <= read_before {
        return Ok(Outcome::ReadMarked(ReadMarked { receipt: None }));
    }
    let receipt = receipt(overlay, chat, &head, &party, read_to)?;
    let key = key::read_cursor::encode(chat, device.user);
    overlay.set(key, &ReadCursor { read_to });
    if !head.has_read_cursors {
        head.has_read_cursors = true;
        overlay.set(key::head::encode(chat), &head);
    }
    Ok(Outcome::ReadMarked(ReadMarked {
        receipt: Some(receipt),
    }))
}

/// The receipt, for all members; the reader is among them when it has other devices.
fn receipt(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &Head,
    party: &Party,
    read_to: Seq,
) -> Result<ReceiptDue, Halt> {
    let has_others = party.member.devices.len() > 1;
    let mut members = chat::users(overlay, chat, head)?;
    members.retain(|member| *member != party.user || has_others);
    let receipt = Receipt {
        chat,
        user: party.user,
        delivered_to: party.delivered_to(head.last_seq()),
        read_to,
    };
    Ok(ReceiptDue { receipt, members })
}
