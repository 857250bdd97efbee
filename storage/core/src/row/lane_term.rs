//! The term of a lane: written by its claims and settlings, not by its batches; every commit of the lane conflicts with it.

use bytes::{BufMut, BytesMut};

use super::codec::{Damage, Reader, Row, begin};

/// A term of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneTerm {
    /// The incarnation of the lane.
    pub incarnation: u64,
    /// Claims and settlings sent within the incarnation.
    pub count: u64,
}

impl Row for LaneTerm {
    fn bytes_max(&self) -> usize {
        17
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.incarnation);
        out.put_u64(self.count);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            incarnation: reader.u64("incarnation")?,
            count: reader.u64("count")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_round_trips_and_refuses_the_rest() {
        let term = LaneTerm {
            incarnation: 7,
            count: u64::MAX,
        };
        let bytes = term.to_bytes();
        assert_eq!(bytes.len(), term.bytes_max());
        assert_eq!(LaneTerm::decode(&bytes), Ok(term));
        assert!(LaneTerm::decode(&bytes[1..]).is_err());
        assert!(LaneTerm::decode(&[&bytes[..], &[0]].concat()).is_err());
    }
}
