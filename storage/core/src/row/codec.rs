//! How rows are written and read: a version byte, then fixed-width big-endian fields and counted lists.
//!
//! Reading checks every length before it is used; a damaged row is an error that says where, never a panic.

use bytes::{BufMut, Bytes, BytesMut};
use ringpost_wire::{DeviceId, UserId};

/// What is wrong with a row's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The part that cannot be read.
    pub what: &'static str,
}

/// A row: what a key's value means.
pub trait Row: Sized {
    /// Its version byte: another one is damage.
    const VERSION: u8 = 1;

    /// Bytes that `encode` appends, or a little more.
    fn bytes_max(&self) -> usize;

    /// Appends the row.
    fn encode(&self, out: &mut BytesMut);

    /// Reads the row's fields.
    ///
    /// # Errors
    /// The bytes are not what `encode` writes.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage>;

    /// Reads a whole value.
    ///
    /// # Errors
    /// The bytes are not what `encode` writes.
    fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let mut reader = Reader { rest: bytes };
        if reader.u8("version")? != Self::VERSION {
            return Err(Damage { what: "version" });
        }
        let row = Self::read(&mut reader)?;
        if !reader.rest.is_empty() {
            return Err(Damage { what: "length" });
        }
        Ok(row)
    }

    /// The row as bytes of its own.
    fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.bytes_max());
        self.encode(&mut out);
        out.freeze()
    }
}

/// Begins a row.
pub(super) fn begin<R: Row>(out: &mut BytesMut) {
    out.put_u8(R::VERSION);
}

/// Appends the length of a list of at most 255 entries.
pub(super) fn put_count(out: &mut BytesMut, count: usize) {
    out.put_u8(u8::try_from(count).expect("lists of rows are limited to 255 entries"));
}

/// What of a row is not yet read.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Damage> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Damage { what })?;
        self.rest = rest;
        Ok(*array)
    }

    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, Damage> {
        Ok(u8::from_be_bytes(self.array(what)?))
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, Damage> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, Damage> {
        Ok(u64::from_be_bytes(self.array(what)?))
    }

    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, Damage> {
        match self.u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damage { what }),
        }
    }

    pub(super) fn user(&mut self) -> Result<UserId, Damage> {
        Ok(UserId(self.array("user")?))
    }

    pub(super) fn device(&mut self) -> Result<DeviceId, Damage> {
        self.u32("device")
    }

    /// A list of at most `count_max` entries.
    pub(super) fn list<T>(
        &mut self,
        count_max: usize,
        what: &'static str,
        mut entry: impl FnMut(&mut Self) -> Result<T, Damage>,
    ) -> Result<Vec<T>, Damage> {
        let count = usize::from(self.u8(what)?);
        if count > count_max {
            return Err(Damage { what });
        }
        (0..count).map(|_| entry(self)).collect()
    }
}
