//! `13 user device`: a device of a user; the devices of a user lie together.

use ringpost_wire::{DeviceAddress, UserId};

use super::family::{Family, device_at, user_at};
use crate::store::{Key, KeyRange};

/// The key of a device.
pub fn encode(device: DeviceAddress) -> Key {
    Family::Device.key(&[&device.user.0, &device.device.to_be_bytes()])
}

/// The device of a device's key; `None` for another key.
pub fn decode(key: &Key) -> Option<DeviceAddress> {
    let parts = Family::Device.parts(key, 20)?;
    Some(DeviceAddress {
        user: user_at(parts, 0),
        device: device_at(parts, 16),
    })
}

/// All devices of a user.
pub fn range(user: UserId) -> KeyRange {
    KeyRange::prefix(Family::Device.key(&[&user.0]))
}
