//! Where the rows lie in the database: a prefix before every key of the key space, and beside them the engine's own rows.
//!
//! ```text
//! prefix 00 66            version of this layout
//! prefix 00 69 node       the last incarnation of a node
//! prefix 01.. to fe..     the rows: the prefix, then the key as `ringpost_storage_core::key` says
//! ```

use ringpost_storage_core::store::{Key, KeyRange};

use crate::limits::PREFIX_BYTES_MAX;

/// The version of this layout.
pub const FORMAT: u32 = 1;

const OWN: u8 = 0x00;
const ROWS_BEGIN: u8 = 0x01;
const ROWS_END: u8 = 0xff;

/// A row under the prefix that is none of the key space, as this layout understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnRow {
    /// The version of the layout.
    Format {
        /// The version; `None` for a value that is none.
        version: Option<u32>,
    },
    /// The last incarnation of a node.
    Incarnation {
        /// The node.
        node: u32,
        /// The incarnation; `None` for a value that is none.
        last: Option<u64>,
    },
    /// A row that this engine never writes.
    Unknown,
}

impl OwnRow {
    /// Understands a row by its key without the prefix.
    pub fn of(key: &[u8], value: &[u8]) -> Self {
        match key {
            [OWN, b'f'] => Self::Format {
                version: value.try_into().ok().map(u32::from_be_bytes),
            },
            [OWN, b'i', node @ ..] => match node.try_into() {
                Ok(node) => Self::Incarnation {
                    node: u32::from_be_bytes(node),
                    last: value.try_into().ok().map(u64::from_be_bytes),
                },
                Err(_) => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

/// The space of one store in a database that may hold others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subspace {
    prefix: Vec<u8>,
}

impl Subspace {
    /// The space of `prefix`; `None` for a prefix that is empty, too long, or among the database's own keys.
    pub fn new(prefix: &[u8]) -> Option<Self> {
        let is_good = (1..=PREFIX_BYTES_MAX).contains(&prefix.len()) && prefix[0] != 0xff;
        is_good.then(|| Self {
            prefix: prefix.to_vec(),
        })
    }

    /// The database's key for `key`.
    pub fn pack(&self, key: &Key) -> Vec<u8> {
        self.pack_bytes(key.as_slice())
    }

    /// As [`Self::pack`], for any bytes.
    pub fn pack_bytes(&self, key: &[u8]) -> Vec<u8> {
        [&self.prefix, key].concat()
    }

    /// The database's begin and end for `range`.
    pub fn pack_range(&self, range: &KeyRange) -> (Vec<u8>, Vec<u8>) {
        (self.pack(&range.begin), self.pack(&range.end))
    }

    /// The key without the prefix; `None` for a key of another space.
    pub fn unpack<'a>(&self, packed: &'a [u8]) -> Option<&'a [u8]> {
        packed.strip_prefix(self.prefix.as_slice())
    }

    /// Begin and end of all rows, without the engine's own.
    pub fn rows(&self) -> (Vec<u8>, Vec<u8>) {
        (self.pack_bytes(&[ROWS_BEGIN]), self.pack_bytes(&[ROWS_END]))
    }

    /// Begin and end of what is under the prefix before the rows, the engine's own, and of what is after them.
    pub fn beside_rows(&self) -> [(Vec<u8>, Vec<u8>); 2] {
        let ((all, end), (begin, rows_end)) = (self.all(), self.rows());
        [(all, begin), (rows_end, end)]
    }

    /// Begin and end of everything under the prefix.
    pub fn all(&self) -> (Vec<u8>, Vec<u8>) {
        let mut end = self.prefix.clone();
        while end.last() == Some(&0xff) {
            end.pop();
        }
        // The first byte is not 0xff, so one is left.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        (self.prefix.clone(), end)
    }

    /// Whether a key without the prefix may be that of a row.
    pub fn is_row(key: &[u8]) -> bool {
        key.first()
            .is_some_and(|first| (ROWS_BEGIN..ROWS_END).contains(first))
    }

    /// The key of the layout's version.
    pub fn format_key(&self) -> Vec<u8> {
        self.pack_bytes(&[OWN, b'f'])
    }

    /// The key of a node's last incarnation.
    pub fn incarnation_key(&self, node: u32) -> Vec<u8> {
        [&self.prefix[..], &[OWN, b'i'], &node.to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use ringpost_storage_core::key::Family;

    use super::*;

    fn is_within(key: &[u8], range: &(Vec<u8>, Vec<u8>)) -> bool {
        range.0.as_slice() <= key && key < range.1.as_slice()
    }

    #[test]
    fn every_family_is_among_the_rows_and_comes_back() {
        let space = Subspace::new(b"x\xff").expect("a good prefix");
        for family in Family::ALL {
            let key = Key::of(&[&[family as u8], &[0xff; 16]]);
            let packed = space.pack(&key);
            assert!(is_within(&packed, &space.rows()));
            assert!(is_within(&packed, &space.all()));
            assert_eq!(space.unpack(&packed), Some(key.as_slice()));
        }
    }

    #[test]
    fn own_rows_are_within_the_space_and_not_among_the_rows() {
        let space = Subspace::new(b"x").expect("a good prefix");
        for key in [space.format_key(), space.incarnation_key(u32::MAX)] {
            assert!(is_within(&key, &space.all()));
            assert!(!is_within(&key, &space.rows()));
            assert!(!Subspace::is_row(
                space.unpack(&key).expect("it is of the space")
            ));
        }
        assert!(!is_within(b"y", &space.all()));
        assert_eq!(space.unpack(b"y"), None);
    }

    #[test]
    fn own_rows_are_understood() {
        let space = Subspace::new(b"x").expect("a good prefix");
        let of = |packed: &[u8], value: &[u8]| {
            OwnRow::of(space.unpack(packed).expect("it is of the space"), value)
        };
        let format = |version| OwnRow::Format { version };
        assert_eq!(of(&space.format_key(), &[0, 0, 0, 1]), format(Some(1)));
        assert_eq!(of(&space.format_key(), &[1]), format(None));
        let given = |last| OwnRow::Incarnation { node: 9, last };
        let key = space.incarnation_key(9);
        assert_eq!(of(&key, &7_u64.to_be_bytes()), given(Some(7)));
        assert_eq!(of(&key, &[7]), given(None));
        for strange in [&b"x"[..], b"x\0", b"x\0ff", b"x\0i\0", b"x\0j", b"x\xff"] {
            assert_eq!(of(strange, &[]), OwnRow::Unknown);
        }
    }

    #[test]
    fn rows_and_what_is_beside_them_are_the_whole_space() {
        let space = Subspace::new(b"x").expect("a good prefix");
        let [before, after] = space.beside_rows();
        assert_eq!((&before.0, &after.1), (&space.all().0, &space.all().1));
        assert_eq!((before.1, after.0), space.rows());
    }

    #[test]
    fn a_prefix_has_limits() {
        assert_eq!(Subspace::new(b""), None);
        assert_eq!(Subspace::new(&[0xff]), None);
        assert_eq!(Subspace::new(&[1; PREFIX_BYTES_MAX + 1]), None);
    }
}
