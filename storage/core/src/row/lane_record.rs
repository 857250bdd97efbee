//! The record of a lane: the last batch that landed. It tells after an unknown result what became of a batch.

use bytes::{BufMut, BytesMut};

use super::codec::{Damage, Reader, Row, begin};

/// How far a lane has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneRecord {
    /// The incarnation of the lane.
    pub incarnation: u64,
    /// Number of the last batch that landed, within the incarnation.
    pub last_batch: u64,
    /// Number of settlings, within the incarnation.
    pub settling: u64,
}

impl Row for LaneRecord {
    fn bytes_max(&self) -> usize {
        25
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.incarnation);
        out.put_u64(self.last_batch);
        out.put_u64(self.settling);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            incarnation: reader.u64("incarnation")?,
            last_batch: reader.u64("last_batch")?,
            settling: reader.u64("settling")?,
        })
    }
}
