//! `LinkDevice`: a chat adds a device of a member to those that it delivers to, from the message after its head.
//!
//! A device that is unlinked meanwhile is not added: whoever takes it out of its chats may have been here already.

use ringpost_wire::{ChatId, DeviceAddress, ErrorCode};

use super::chat;
use crate::Outcome;
use crate::key;
use crate::limits::DEVICES_MAX;
use crate::overlay::{Halt, Overlay};
use crate::row::{Device, Member, MemberDevice};

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    device: DeviceAddress,
) -> Result<Outcome, Halt> {
    let head = chat::head(overlay, chat)?;
    let key = key::member::encode(chat, device.user);
    let member: Option<Member> = overlay.row(&key)?;
    // The user left, or the chat went, since the device was told of it.
    let (Some(mut head), Some(mut member)) = (head, member) else {
        return Ok(Outcome::Linked);
    };
    let devices = &mut member.devices;
    let Err(place) = devices.binary_search_by_key(&device.device, |entry| entry.device) else {
        return Ok(Outcome::Linked);
    };
    if devices.len() >= DEVICES_MAX {
        return Ok(Outcome::Failed(ErrorCode::DeviceRefused));
    }
    let row: Option<Device> = overlay.row(&key::device::encode(device))?;
    if row.is_none_or(|row| !row.state.is_active()) && !cfg!(planted = "unlinked_linked") {
        return Ok(Outcome::Failed(ErrorCode::DeviceUnlinked));
    }
    let entry = MemberDevice {
        device: device.device,
        start: head.next_seq,
    };
    devices.insert(place, entry);
    // 0 is not a version: it means unchecked.
    head.device_epoch = head.device_epoch.wrapping_add(1).max(1);
    overlay.set(key, &member);
    overlay.set(key::head::encode(chat), &head);
    Ok(Outcome::Linked)
}
