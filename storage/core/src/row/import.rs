//! How far the reading of an export has come: its first blocks are in the store, each by a commit that also wrote this row.

use bytes::{BufMut, BytesMut};

use super::codec::{Damage, Reader, Row, begin};

/// An import under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Blocks of the export that are in the store.
    pub blocks: u64,
    /// Rows of these blocks.
    pub rows: u64,
}

impl Row for Import {
    fn bytes_max(&self) -> usize {
        17
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.blocks);
        out.put_u64(self.rows);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            blocks: reader.u64("blocks")?,
            rows: reader.u64("rows")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_round_trips_and_refuses_the_rest() {
        let import = Import {
            blocks: 3,
            rows: u64::MAX,
        };
        let bytes = import.to_bytes();
        assert_eq!(bytes.len(), import.bytes_max());
        assert_eq!(Import::decode(&bytes), Ok(import));
        assert!(Import::decode(&bytes[1..]).is_err());
    }
}
