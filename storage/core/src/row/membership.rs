//! A chat of a user: a small marker, so that a new device finds the chats it must be linked to.

use bytes::{BufMut, BytesMut};
use ringpost_wire::Seq;

use super::codec::{Damage, Reader, Row, begin};

/// A user is a member of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The first message after it joined.
    pub joined: Seq,
}

impl Row for Membership {
    fn bytes_max(&self) -> usize {
        9
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.joined);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let joined = reader.u64("joined")?;
        Ok(Self { joined })
    }
}
