//! `RemoveDevice`: a chat delivers to a device no more, and lets go of what only that device had not got.

use ringpost_wire::{ChatId, DeviceAddress};

use super::{chat, trim_delivered};
use crate::key;
use crate::overlay::{Halt, Overlay};
use crate::row::Pending;
use crate::{Outcome, Rules};

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    device: DeviceAddress,
    rules: &Rules,
) -> Result<Outcome, Halt> {
    // The chat may have gone, the user left, or this have been done before.
    let Some(mut head) = chat::head(overlay, chat)? else {
        return Ok(Outcome::DeviceRemoved);
    };
    let is_listed = |party: &chat::Party| party.member.has_device(device.device);
    let party = chat::party(overlay, chat, device.user)?;
    let Some(mut party) = party.filter(is_listed) else {
        return Ok(Outcome::DeviceRemoved);
    };
    let next = party.next_of(device.device);
    let devices = &mut party.member.devices;
    devices.retain(|entry| entry.device != device.device);
    overlay.set(key::member::encode(chat, device.user), &party.member);
    if next.is_some() {
        let key = key::pending::encode(device.user, chat);
        match without(party.pending, device) {
            Some(pending) => overlay.set(key, &pending),
            None => overlay.clear(key),
        }
    }
    // Senders seal for each device: the next send must learn that there is one fewer. 0 is not a version.
    head.device_epoch = head.device_epoch.wrapping_add(1).max(1);
    // Only a device that held the log's beginning can free it.
    if trim_delivered::applies(&head, rules) && next.is_some_and(|next| next <= head.trimmed_to + 1)
    {
        let parties = chat::parties(overlay, chat, &head)?;
        trim_delivered::trim(overlay, chat, &mut head, &parties);
    }
    overlay.set(key::head::encode(chat), &head);
    Ok(Outcome::DeviceRemoved)
}

/// `pending` without `device`; `None` when no device is behind any more.
fn without(pending: Option<Pending>, device: DeviceAddress) -> Option<Pending> {
    let mut pending = pending?;
    pending
        .lagging
        .retain(|entry| entry.device != device.device);
    (!pending.lagging.is_empty()).then_some(pending)
}
