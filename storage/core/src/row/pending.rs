//! A chat in which devices of a user are behind: their next numbers. Present exactly while there is one.

use bytes::{BufMut, BytesMut};
use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{DeviceId, Seq};

use super::codec::{Damage, Reader, Row, begin, put_count};
use crate::limits::DEVICES_MAX;

/// A device that is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagging {
    /// The device.
    pub device: DeviceId,
    /// The first number that it has not acknowledged.
    pub next: Seq,
}

/// The devices of a user that are behind in a chat, ascending; a device that is not among them has everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// The devices.
    pub lagging: Vec<Lagging>,
}

impl Pending {
    /// The first number that `device` has not acknowledged; `None` when it has everything.
    pub fn next_of(&self, device: DeviceId) -> Option<Seq> {
        let entry = self.lagging.iter().find(|entry| entry.device == device)?;
        Some(entry.next)
    }

    /// The first number that one of the devices has not acknowledged; `None` when none is behind.
    pub fn from_seq(&self) -> Option<Seq> {
        self.lagging.iter().map(|entry| entry.next).min()
    }
}

impl Row for Pending {
    fn bytes_max(&self) -> usize {
        2 + self.lagging.len() * 12
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        put_count(out, self.lagging.len());
        for entry in &self.lagging {
            out.put_u32(entry.device);
            out.put_u64(entry.next);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let lagging = reader.list(DEVICES_MAX, "lagging", |reader| {
            let device = reader.device()?;
            let next = reader.u64("next")?;
            Ok(Lagging { device, next })
        })?;
        let is_in_order = lagging
            .windows(2)
            .all(|pair| pair[0].device < pair[1].device);
        let numbers_fit = lagging
            .iter()
            .all(|entry| (1..=SEQ_MAX).contains(&entry.next));
        if lagging.is_empty() || !is_in_order || !numbers_fit {
            return Err(Damage { what: "lagging" });
        }
        Ok(Self { lagging })
    }
}
