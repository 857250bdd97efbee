//! Slices: a payload with one ciphertext per device, and the copy of such a message that one device is given.
//!
//! The tail of a sliced message is `slice_count` x {user @0, device u32 @16, bytes u32 @20} and then the slices' bytes in
//! the same order; their lengths add up to the rest of the frame.

use super::integer::{id_at, u32_at};
use super::message::{MESSAGE_HEADER_BYTES, MessageView};
use crate::limits::{SLICE_BYTES, SLICES_MAX};
use crate::{DeviceAddress, UserId};

/// One device's part of a sliced payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice<'a> {
    /// Whose part it is.
    pub device: DeviceAddress,
    /// The part.
    pub bytes: &'a [u8],
}

/// Reads entry `index` of a slice table: the device and the length of its part.
pub(super) fn entry(table: &[u8], index: usize) -> (DeviceAddress, usize) {
    let entry = &table[index * SLICE_BYTES..(index + 1) * SLICE_BYTES];
    let device = DeviceAddress {
        user: UserId(id_at(entry, 0)),
        device: u32_at(entry, 16),
    };
    (device, u32_at(entry, 20) as usize)
}

/// Whether every slice is for a device, and no two for the same. Sorts, so that a peer cannot make the check quadratic.
pub(super) fn devices_are_valid(message: &MessageView<'_>) -> bool {
    let mut devices = [DeviceAddress::default(); SLICES_MAX];
    let count = usize::from(message.slice_count());
    for (place, slice) in devices.iter_mut().zip(message.slices()) {
        *place = slice.device;
    }
    let devices = &mut devices[..count];
    devices.sort_unstable();
    devices.iter().all(|address| address.device > 0)
        && devices.windows(2).all(|pair| pair[0] != pair[1])
}

/// Bytes of the frame that `device` is given; `None` when the message holds no part for it.
pub fn device_copy_bytes(message: &MessageView<'_>, device: DeviceAddress) -> Option<usize> {
    if message.slice_count() == 0 {
        return Some(message.frame().len());
    }
    message
        .slice_for(device)
        .map(|part| MESSAGE_HEADER_BYTES + part.len())
}

/// Appends the frame that `device` is given: the message itself, or its header and the device's part with
/// `slice_count` 0. Appends nothing and answers `false` when the message holds no part for the device.
pub fn write_device_copy(
    message: &MessageView<'_>,
    device: DeviceAddress,
    out: &mut Vec<u8>,
) -> bool {
    if message.slice_count() == 0 {
        out.extend_from_slice(message.frame());
        return true;
    }
    let Some(part) = message.slice_for(device) else {
        return false;
    };
    let start = out.len();
    out.extend_from_slice(&message.frame()[..MESSAGE_HEADER_BYTES]);
    let frame_bytes = (MESSAGE_HEADER_BYTES + part.len()) as u32;
    out[start..start + 4].copy_from_slice(&frame_bytes.to_le_bytes());
    out[start + 5] = (MESSAGE_HEADER_BYTES / 8) as u8;
    out[start + 84..start + 86].fill(0);
    out.extend_from_slice(part);
    true
}
