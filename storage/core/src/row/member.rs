//! A member of a chat: rights, what of the log it may see, and its devices as the chat knows them.

use bytes::{BufMut, BytesMut};
use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{DeviceId, Seq};

use super::codec::{Damage, Reader, Row, begin, put_count};
use crate::limits::{DEVICES_MAX, INTERVALS_MAX};

const READ: u8 = 1;
const WRITE: u8 = 2;

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// See messages.
    pub read: bool,
    /// Send messages.
    pub write: bool,
}

/// A stretch of the log that a member may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// First number.
    pub from: Seq,
    /// Last number; `SEQ_MAX` while it goes on.
    pub to: Seq,
}

/// A device of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberDevice {
    /// The device.
    pub device: DeviceId,
    /// The first number that it was to receive.
    pub start: Seq,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it may do.
    pub rights: Rights,
    /// It blocks the other members: it receives nothing of theirs, and they do not learn of it.
    pub blocks_others: bool,
    /// What it may see: ascending, disjoint.
    pub visible: Vec<Interval>,
    /// Its devices, ascending.
    pub devices: Vec<MemberDevice>,
}

impl Member {
    /// The member may see the message of number `seq`.
    pub fn sees(&self, seq: Seq) -> bool {
        self.rights.read
            && self
                .visible
                .iter()
                .any(|interval| (interval.from..=interval.to).contains(&seq))
    }

    /// The chat delivers to `device`.
    pub fn has_device(&self, device: DeviceId) -> bool {
        self.devices.iter().any(|entry| entry.device == device)
    }
}

impl Row for Member {
    fn bytes_max(&self) -> usize {
        5 + self.visible.len() * 16 + self.devices.len() * 12
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        let read = if self.rights.read { READ } else { 0 };
        let write = if self.rights.write { WRITE } else { 0 };
        out.put_u8(read | write);
        out.put_u8(u8::from(self.blocks_others));
        put_count(out, self.visible.len());
        for interval in &self.visible {
            out.put_u64(interval.from);
            out.put_u64(interval.to);
        }
        put_count(out, self.devices.len());
        for entry in &self.devices {
            out.put_u32(entry.device);
            out.put_u64(entry.start);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let rights = reader.u8("rights")?;
        if rights & !(READ | WRITE) != 0 {
            return Err(Damage { what: "rights" });
        }
        let blocks_others = reader.flag("blocks_others")?;
        let visible = reader.list(INTERVALS_MAX, "visible", |reader| {
            let from = reader.u64("visible")?;
            let to = reader.u64("visible")?;
            Ok(Interval { from, to })
        })?;
        let devices = reader.list(DEVICES_MAX, "devices", |reader| {
            let device = reader.device()?;
            let start = reader.u64("start")?;
            Ok(MemberDevice { device, start })
        })?;
        let member = Self {
            rights: Rights {
                read: rights & READ != 0,
                write: rights & WRITE != 0,
            },
            blocks_others,
            visible,
            devices,
        };
        member.check()?;
        Ok(member)
    }
}

impl Member {
    fn check(&self) -> Result<(), Damage> {
        let mut free_from = 1;
        for interval in &self.visible {
            let is_in_order = free_from <= interval.from && interval.from <= interval.to;
            if !is_in_order || interval.to > SEQ_MAX {
                return Err(Damage { what: "visible" });
            }
            free_from = interval.to + 1;
        }
        let mut devices = self.devices.windows(2);
        if !devices.all(|pair| pair[0].device < pair[1].device) {
            return Err(Damage { what: "devices" });
        }
        Ok(())
    }
}
