//! The fence of a shard: who holds it. A value is never used twice.

use bytes::{BufMut, BytesMut};

use super::codec::{Damage, Reader, Row, begin};

/// A claim of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The node that claimed.
    pub node: u32,
    /// The incarnation of its lane.
    pub incarnation: u64,
    /// Number of the claim within the incarnation.
    pub claim: u64,
}

impl Row for Fence {
    fn bytes_max(&self) -> usize {
        21
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u32(self.node);
        out.put_u64(self.incarnation);
        out.put_u64(self.claim);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            node: reader.u32("node")?,
            incarnation: reader.u64("incarnation")?,
            claim: reader.u64("claim")?,
        })
    }
}
