//! How far a member has read. It never moves back.

use bytes::{BufMut, BytesMut};
use ringpost_wire::Seq;

use super::codec::{Damage, Reader, Row, begin};

/// The read mark of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadCursor {
    /// The last message read.
    pub read_to: Seq,
}

impl Row for ReadCursor {
    fn bytes_max(&self) -> usize {
        9
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.read_to);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let read_to = reader.u64("read_to")?;
        Ok(Self { read_to })
    }
}
