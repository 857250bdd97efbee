//! The head of a chat: its numbers, its few members or none of many, and the windows of its recent senders.

use bytes::{BufMut, BytesMut};
use ringpost_wire::limits::SEQ_MAX;
use ringpost_wire::{DeviceAddress, Seq, UserId};

use super::codec::{Damage, Reader, Row, begin, put_count};
use super::window::{WINDOW_BYTES_MAX, put_window, read_window, window_bytes};
use crate::limits::{HEAD_MEMBERS_MAX, HEAD_WINDOWS_MAX, VALUE_BYTES_HARD_MAX};
use crate::sequencer::Window;

/// Bytes of the fields before the lists, with the version and both counts.
const FIXED_BYTES: usize = 34;
/// Bytes of a window's sender.
const SENDER_BYTES: usize = 20;

const _: () = assert!(
    FIXED_BYTES + HEAD_MEMBERS_MAX * 16 + HEAD_WINDOWS_MAX * (SENDER_BYTES + WINDOW_BYTES_MAX)
        <= VALUE_BYTES_HARD_MAX / 10
);

/// How members learn of messages. Set when a chat is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum FanOut {
    /// Each member that is behind has a pending row.
    #[default]
    PendingRows = 0,
    /// Members compare heads: too many for rows. Nothing is trimmed by what is delivered.
    CompareHeads = 1,
}

/// The head of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the next message; from 1.
    pub next_seq: Seq,
    /// Time of the last message, or of the chat's making, in milliseconds since 1970. It never runs back.
    pub last_time_ms: u64,
    /// Messages up to this one are gone.
    pub trimmed_to: Seq,
    /// Version of the members' device lists; from 1.
    pub device_epoch: u32,
    /// How members learn of messages.
    pub fan_out: FanOut,
    /// Some windows are in rows of their own.
    pub has_spilled_windows: bool,
    /// Some member has a read cursor.
    pub has_read_cursors: bool,
    /// The members, ascending, when they are at most `HEAD_MEMBERS_MAX`; else empty, and the member rows are read.
    pub members: Vec<UserId>,
    /// Windows of the last `HEAD_WINDOWS_MAX` senders, the latest first.
    pub windows: Vec<(DeviceAddress, Window)>,
}

impl Head {
    /// The last message; 0 for none.
    pub fn last_seq(&self) -> Seq {
        self.next_seq - 1
    }
}

impl Row for Head {
    fn bytes_max(&self) -> usize {
        let windows = self.windows.iter();
        let window_bytes = windows.map(|(_, window)| SENDER_BYTES + window_bytes(window));
        FIXED_BYTES + self.members.len() * 16 + window_bytes.sum::<usize>()
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.next_seq);
        out.put_u64(self.last_time_ms);
        out.put_u64(self.trimmed_to);
        out.put_u32(self.device_epoch);
        out.put_u8(self.fan_out as u8);
        out.put_u8(u8::from(self.has_spilled_windows));
        out.put_u8(u8::from(self.has_read_cursors));
        put_count(out, self.members.len());
        for member in &self.members {
            out.put_slice(&member.0);
        }
        put_count(out, self.windows.len());
        for (sender, window) in &self.windows {
            out.put_slice(&sender.user.0);
            out.put_u32(sender.device);
            put_window(window, out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let head = Self {
            next_seq: reader.u64("next_seq")?,
            last_time_ms: reader.u64("last_time_ms")?,
            trimmed_to: reader.u64("trimmed_to")?,
            device_epoch: reader.u32("device_epoch")?,
            fan_out: match reader.u8("fan_out")? {
                0 => FanOut::PendingRows,
                1 => FanOut::CompareHeads,
                _ => return Err(Damage { what: "fan_out" }),
            },
            has_spilled_windows: reader.flag("has_spilled_windows")?,
            has_read_cursors: reader.flag("has_read_cursors")?,
            members: reader.list(HEAD_MEMBERS_MAX, "members", Reader::user)?,
            windows: reader.list(HEAD_WINDOWS_MAX, "windows", |reader| {
                let user = reader.user()?;
                let device = reader.device()?;
                Ok((DeviceAddress { user, device }, read_window(reader)?))
            })?,
        };
        let numbers_fit = (1..=SEQ_MAX).contains(&head.next_seq) && head.trimmed_to < head.next_seq;
        if numbers_fit {
            Ok(head)
        } else {
            Err(Damage { what: "numbers" })
        }
    }
}
