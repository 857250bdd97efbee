//! `InspectChat`: what the store knows of a chat and of each device in it.

use ringpost_wire::{ChatId, DeviceAddress, ErrorCode};

use super::chat;
use crate::Outcome;
use crate::outcome::ChatInspected;
use crate::overlay::{Halt, Overlay};

pub(super) fn decide(overlay: &mut Overlay<'_>, chat: ChatId) -> Result<Outcome, Halt> {
    let Some(head) = chat::head(overlay, chat)? else {
        return Ok(Outcome::Failed(ErrorCode::UnknownChat));
    };
    let last = head.last_seq();
    let mut devices = Vec::new();
    for party in chat::parties(overlay, chat, &head)? {
        let read_to = chat::read_to(overlay, chat, &head, party.user)?;
        for entry in &party.member.devices {
            let address = DeviceAddress {
                user: party.user,
                device: entry.device,
            };
            let next = party.next_of(entry.device).unwrap_or(last + 1);
            devices.push((address, next, read_to));
        }
    }
    Ok(Outcome::Inspected(Box::new(ChatInspected {
        head: last,
        last_time_ms: head.last_time_ms,
        trimmed_to: head.trimmed_to,
        device_epoch: head.device_epoch,
        devices,
    })))
}
