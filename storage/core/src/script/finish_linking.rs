//! `FinishLinking`: all chats of the user list the device.

use ringpost_wire::{DeviceAddress, ErrorCode};

use crate::Outcome;
use crate::key;
use crate::overlay::{Halt, Overlay};
use crate::row::{Device, DeviceState};

pub(super) fn decide(overlay: &mut Overlay<'_>, device: DeviceAddress) -> Result<Outcome, Halt> {
    let key = key::device::encode(device);
    let Some(mut row) = overlay.row::<Device>(&key)? else {
        return Ok(Outcome::Failed(ErrorCode::DeviceRefused));
    };
    match row.state {
        DeviceState::Unlinked | DeviceState::Removed => {
            return Ok(Outcome::Failed(ErrorCode::DeviceUnlinked));
        }
        DeviceState::Linked => {}
        DeviceState::Linking => {
            row.state = DeviceState::Linked;
            overlay.set(key, &row);
        }
    }
    Ok(Outcome::Linked)
}
