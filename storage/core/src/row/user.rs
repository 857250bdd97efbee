//! A registered user.

use bytes::{BufMut, BytesMut};

use super::codec::{Damage, Reader, Row, begin};

/// A user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// When it registered, in milliseconds since 1970.
    pub created_ms: u64,
}

impl Row for User {
    fn bytes_max(&self) -> usize {
        9
    }

    fn encode(&self, out: &mut BytesMut) {
        begin::<Self>(out);
        out.put_u64(self.created_ms);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let created_ms = reader.u64("created_ms")?;
        Ok(Self { created_ms })
    }
}
