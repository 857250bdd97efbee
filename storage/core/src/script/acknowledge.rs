//! `Acknowledge`: a device has everything up to a number. Its next number moves forward, never back.

use ringpost_wire::{ChatId, DeviceAddress, DeviceId, ErrorCode, Receipt, Seq};

use super::{chat, trim_delivered};
use crate::key;
use crate::outcome::{Acknowledged, ReceiptDue};
use crate::overlay::{Halt, Overlay};
use crate::row::{Head, Pending};
use crate::{Outcome, Rules};

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    device: DeviceAddress,
    seq: Seq,
    rules: &Rules,
) -> Result<Outcome, Halt> {
    let Some(mut head) = chat::head(overlay, chat)? else {
        return Ok(Outcome::Failed(ErrorCode::UnknownChat));
    };
    let party = chat::party(overlay, chat, device.user)?;
    let is_member = party.is_some();
    let Some(mut party) = party.filter(|party| party.member.has_device(device.device)) else {
        return Ok(Outcome::Failed(chat::no_access(is_member)));
    };
    let last = head.last_seq();
    if seq > last {
        return Ok(Outcome::Failed(ErrorCode::BeyondHead));
    }
    let before = party.next_of(device.device);
    if !moves(before, seq) {
        return Ok(Outcome::Acknowledged(Acknowledged {
            receipt: None,
            next: before,
        }));
    }
    let delivered_before = party.delivered_to(last);
    let next = (seq < last).then_some(seq + 1);
    party.pending = advance(party.pending.take(), device.device, next);
    let key = key::pending::encode(device.user, chat);
    match &party.pending {
        Some(pending) => overlay.set(key, pending),
        None => overlay.clear(key),
    }
    let delivered_to = party.delivered_to(last);
    let receipt = if delivered_to == delivered_before {
        None
    } else {
        Some(receipt(overlay, chat, device, &head, delivered_to)?)
    };
    // Only the device that held the log's beginning can free it.
    if trim_delivered::applies(&head, rules) && before <= Some(head.trimmed_to + 1) {
        let parties = chat::parties(overlay, chat, &head)?;
        if trim_delivered::trim(overlay, chat, &mut head, &parties) {
            overlay.set(key::head::encode(chat), &head);
        }
    }
    Ok(Outcome::Acknowledged(Acknowledged { receipt, next }))
}

/// Whether an acknowledgement of `seq` moves a device that is at `next`.
fn moves(next: Option<Seq>, seq: Seq) -> bool {
    #[cfg(planted = "ack_moves_back")] // A late acknowledgement undoes a newer one.
    return next.is_some();
    #[cfg(not(planted = "ack_moves_back"))]
    next.is_some_and(|next| seq >= next)
}

/// `pending` with the next number of `device` replaced; `None` when no device is behind any more.
fn advance(pending: Option<Pending>, device: DeviceId, next: Option<Seq>) -> Option<Pending> {
    let mut pending = pending?;
    match next {
        Some(next) => {
            let entries = pending.lagging.iter_mut();
            entries
                .filter(|entry| entry.device == device)
                .for_each(|entry| entry.next = next);
        }
        None => pending.lagging.retain(|entry| entry.device != device),
    }
    (!pending.lagging.is_empty()).then_some(pending)
}

fn receipt(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    device: DeviceAddress,
    head: &Head,
    delivered_to: Seq,
) -> Result<ReceiptDue, Halt> {
    let mut members = chat::users(overlay, chat, head)?;
    members.retain(|member| *member != device.user);
    let receipt = Receipt {
        chat,
        user: device.user,
        delivered_to,
        read_to: chat::read_to(overlay, chat, head, device.user)?,
    };
    Ok(ReceiptDue { receipt, members })
}
