//! `FinishUnlinking`: no chat of the user lists the device any more.

use ringpost_wire::{DeviceAddress, ErrorCode};

use crate::Outcome;
use crate::key;
use crate::outcome::Unlinking;
use crate::overlay::{Halt, Overlay};
use crate::row::{Device, DeviceState};

pub(super) fn decide(overlay: &mut Overlay<'_>, device: DeviceAddress) -> Result<Outcome, Halt> {
    let key = key::device::encode(device);
    let Some(mut row) = overlay.row::<Device>(&key)? else {
        return Ok(Outcome::Failed(ErrorCode::DeviceRefused));
    };
    if row.state.is_active() {
        return Ok(Outcome::Unlinking(Unlinking::Kept));
    }
    if row.state == DeviceState::Unlinked {
        row.state = DeviceState::Removed;
        overlay.set(key, &row);
    }
    Ok(Outcome::DeviceRemoved)
}
