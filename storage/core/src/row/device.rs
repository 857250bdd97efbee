//! A device of a user. It goes live once all chats of its user have it; an unlinked one never comes back.
//!
//! An unlinked device is removed once no chat lists it: until then whoever unlinked it, or its successor, has work to do.

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
    /// Gone for good, and being removed from the chats of its user.
    Unlinked = 2,
    /// Gone for good, and in no chat.
    Removed = 3,
}

impl DeviceState {
    /// The device may come again; chats deliver to it.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Linking | Self::Linked)
    }
}

/// A device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// When it registered, in milliseconds since 1970.
    pub created_ms: u64,
    /// The day on which it last signed in, in days since 1970.
    pub last_seen_day: u32,
    /// Where it stands.
    pub state: DeviceState,
    /// Tokens issued up to then are refused, in milliseconds since 1970; 0 for none.
    pub revoked_to_ms: u64,
}

/// In the byte of the state: the moment of a revocation follows. Most devices have none.
const IS_REVOKED: u8 = 0x80;

impl Row for Device {
    const VERSION: u8 = 2;

    fn bytes_max(&self) -> usize {
        22
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.created_ms);
        out.put_u32(self.last_seen_day);
        match self.revoked_to_ms {
            0 => out.put_u8(self.state as u8),
            revoked_to_ms => {
                out.put_u8(self.state as u8 | IS_REVOKED);
                out.put_u64(revoked_to_ms);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let created_ms = reader.u64("created_ms")?;
        let last_seen_day = reader.u32("last_seen_day")?;
        let state = reader.u8("state")?;
        let revoked_to_ms = match state & IS_REVOKED {
            0 => 0,
            _ => reader.u64("revoked_to_ms")?,
        };
        if state & IS_REVOKED != 0 && revoked_to_ms == 0 {
            return Err(Damage {
                what: "revoked_to_ms",
            });
        }
        let state = match state & !IS_REVOKED {
            0 => DeviceState::Linking,
            1 => DeviceState::Linked,
            2 => DeviceState::Unlinked,
            3 => DeviceState::Removed,
            _ => return Err(Damage { what: "state" }),
        };
        Ok(Self {
            created_ms,
            last_seen_day,
            state,
            revoked_to_ms,
        })
    }
}
