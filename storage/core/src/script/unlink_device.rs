//! `UnlinkDevice`: a device that was not seen for long is gone for good; names the chats that still deliver to it.
//!
//! The row says so before any chat is touched: a chat that opens meanwhile does not list it, and nobody signs in as it.

use ringpost_wire::{ChatId, DeviceAddress, ErrorCode};

use super::register_device::chats_after;
use crate::Outcome;
use crate::key;
use crate::outcome::Unlinking;
use crate::overlay::{Halt, Overlay};
use crate::row::{Device, DeviceState};

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    seen_before_day: u32,
    remove_after: Option<ChatId>,
) -> Result<Outcome, Halt> {
    let key = key::device::encode(device);
    let Some(mut row) = overlay.row::<Device>(&key)? else {
        return Ok(Outcome::Failed(ErrorCode::DeviceRefused));
    };
    match row.state {
        DeviceState::Removed => return Ok(Outcome::Unlinking(Unlinking::Over)),
        DeviceState::Unlinked => {}
        DeviceState::Linking | DeviceState::Linked => {
            if row.last_seen_day >= seen_before_day {
                return Ok(Outcome::Unlinking(Unlinking::Kept));
            }
        }
    }
    let (chats, next) = chats_after(overlay, device.user, remove_after)?;
    if row.state.is_active() {
        row.state = DeviceState::Unlinked;
        overlay.set(key, &row);
    }
    Ok(Outcome::Unlinking(Unlinking::Due { chats, next }))
}
