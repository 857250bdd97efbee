//! A device of a user. It goes live once all chats of its user have it; an unlinked one never comes back.

use bytes::{BufMut, BytesMut};

use super::codec::{Damage, Reader, Row, begin};

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DeviceState {
    /// Registered, and being added to the chats of its user.
    Linking = 0,
    /// In all chats of its user.
    Linked = 1,
    /// Removed for good.
    Unlinked = 2,
}

/// A device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// When it registered, in milliseconds since 1970.
    pub created_ms: u64,
    /// Where it stands.
    pub state: DeviceState,
}

impl Row for Device {
    fn bytes_max(&self) -> usize {
        10
    }

    fn encode(&self, out: &mut BytesMut) {
        begin(out);
        out.put_u64(self.created_ms);
        out.put_u8(self.state as u8);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let created_ms = reader.u64("created_ms")?;
        let state = match reader.u8("state")? {
            0 => DeviceState::Linking,
            1 => DeviceState::Linked,
            2 => DeviceState::Unlinked,
            _ => return Err(Damage { what: "state" }),
        };
        Ok(Self { created_ms, state })
    }
}
