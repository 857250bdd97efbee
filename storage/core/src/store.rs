//! The few things that the rules know of a store: keys, reads, rows and writes.
//!
//! A store maps keys to values in byte order. Nothing here does I/O; an engine turns reads into rows and applies writes.

use core::borrow::Borrow;
use core::fmt;
use core::hash::{Hash, Hasher};

use bytes::Bytes;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 39;

/// A key, held inline: at most 39 bytes, ordered as bytes.
#[derive(Clone, Copy)]
pub struct Key {
    length: u8,
    bytes: [u8; KEY_BYTES_MAX],
}

impl Key {
    /// The key that `parts` make together. Panics over 39 bytes: keys are built by the key families only.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut key = Self {
            length: 0,
            bytes: [0; KEY_BYTES_MAX],
        };
        for part in parts {
            let start = usize::from(key.length);
            key.bytes[start..start + part.len()].copy_from_slice(part);
            key.length += part.len() as u8;
        }
        key
    }

    /// The key of `bytes`; `None` over 39 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= KEY_BYTES_MAX).then(|| Self::of(&[bytes]))
    }

    /// The key's bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The first key after this one. Panics for a key of 39 bytes, which no family has.
    pub fn next(&self) -> Self {
        Self::of(&[self.as_slice(), &[0]])
    }

    /// The first key after all keys that begin with this one. Panics for a key of 0xff only, which no family has.
    pub fn prefix_end(&self) -> Self {
        let mut end = *self;
        while end.length > 0 {
            let last = usize::from(end.length) - 1;
            if end.bytes[last] < 0xff {
                end.bytes[last] += 1;
                return end;
            }
            end.bytes[last] = 0;
            end.length -= 1;
        }
        panic!("no key family begins with 0xff");
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Keys from `begin` (included) to `end` (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyRange {
    /// First key.
    pub begin: Key,
    /// First key after.
    pub end: Key,
}

impl KeyRange {
    /// All keys that begin with `prefix`.
    pub fn prefix(prefix: Key) -> Self {
        Self {
            begin: prefix,
            end: prefix.prefix_end(),
        }
    }

    /// Whether `key` is inside.
    pub fn contains(&self, key: &Key) -> bool {
        self.begin <= *key && *key < self.end
    }
}

/// One thing to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// The value of a key.
    Get(Key),
    /// Rows of a range, ascending, until one of the limits is reached (at least one row where there is one).
    Range {
        /// The range.
        range: KeyRange,
        /// Most rows.
        rows_max: u32,
        /// Most bytes of values.
        bytes_max: u32,
    },
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Bytes,
}

/// Rows of a range, ascending by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<Row>,
    /// A limit ended the read: there may be more rows after the last.
    pub more: bool,
}

/// One change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Sets a key that is known not to be there: an engine need not look for an older value when it is cleared again.
    Insert(Row),
    /// Sets a key, whether it is there or not.
    Set(Row),
    /// Removes a key.
    Clear(Key),
    /// Removes all keys of a range.
    ClearRange(KeyRange),
}

/// Answer of a snapshot that may not hold everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFetched;

/// A consistent state of the store, or the part of it that was fetched.
pub trait Snapshot {
    /// The value of `key`.
    ///
    /// # Errors
    /// The part that was fetched does not say.
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched>;

    /// Rows of `range`, as for [`Read::Range`].
    ///
    /// # Errors
    /// The part that was fetched does not say.
    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched>;
}
