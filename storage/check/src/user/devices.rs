//! A user and its devices by themselves: neither without the other, and no more devices than there may be.

use ringpost_storage_core::key;
use ringpost_storage_core::limits::{DEVICE_ROWS_MAX, DEVICES_MAX};
use ringpost_storage_core::row::{Device, DeviceState};
use ringpost_wire::{DeviceAddress, DeviceId, UserId};

use crate::FindingKind;
use crate::findings::Findings;

/// A user as its own rows tell it.
#[derive(Debug)]
pub(super) struct UserRows {
    pub user: UserId,
    /// The user's row is there, whether it can be read or not.
    pub is_known: bool,
    /// Its devices, ascending; `None` stands for a row that cannot be read.
    pub devices: Vec<(DeviceId, Option<Device>)>,
}

impl UserRows {
    /// Where a device stands; `None` without a row, `Some(None)` when it cannot be read.
    pub fn state(&self, device: DeviceId) -> Option<Option<DeviceState>> {
        let place = self.devices.binary_search_by_key(&device, |entry| entry.0);
        let (_, device) = self.devices[place.ok()?];
        Some(device.map(|device| device.state))
    }

    /// The address of one of its devices.
    pub fn address(&self, device: DeviceId) -> DeviceAddress {
        let user = self.user;
        DeviceAddress { user, device }
    }

    /// Checks user and devices.
    pub fn check(&self, findings: &mut Findings) {
        let key = key::user::encode(self.user);
        if !self.is_known {
            findings.add(FindingKind::UserMissing, key.as_slice(), || {
                "a row, since others name the user".to_owned()
            });
        } else if self.devices.is_empty() {
            findings.add(FindingKind::UserWithoutDevice, key.as_slice(), || {
                "a device: a user is made with its first".to_owned()
            });
        }
        let states = self.devices.iter().filter_map(|(_, device)| *device);
        let active = states.filter(|device| device.state.is_active()).count();
        let count = self.devices.len();
        if active > DEVICES_MAX || count > DEVICE_ROWS_MAX {
            findings.add(FindingKind::TooManyDevices, key.as_slice(), || {
                format!(
                    "{DEVICES_MAX} active devices of {DEVICE_ROWS_MAX} at most; {active} of {count}"
                )
            });
        }
    }
}
