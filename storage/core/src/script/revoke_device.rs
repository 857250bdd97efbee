//! `RevokeDevice`: a device's tokens issued up to a moment are refused at every later sign-in.
//!
//! The device stays what it is: chats go on to deliver to it, so that it misses nothing when it comes with a newer token.

use ringpost_wire::{DeviceAddress, ErrorCode};

use crate::Outcome;
use crate::key;
use crate::overlay::{Halt, Overlay};
use crate::row::Device;

pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    device: DeviceAddress,
    issued_to_ms: u64,
) -> Result<Outcome, Halt> {
    let key = key::device::encode(device);
    let Some(mut row) = overlay.row::<Device>(&key)? else {
        return Ok(Outcome::Failed(ErrorCode::DeviceRefused));
    };
    let before = row.revoked_to_ms;
    row.revoked_to_ms = match issued_to_ms {
        0 => 0,
        later => later.max(before),
    };
    let issued_to_ms = row.revoked_to_ms;
    if issued_to_ms != before {
        overlay.set(key, &row);
    }
    Ok(Outcome::DeviceRevoked { issued_to_ms })
}
