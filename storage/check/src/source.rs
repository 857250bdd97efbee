//! What the check asks of a store: rows in the order of their keys, in pages.

use std::error::Error;

use bytes::Bytes;

/// A row as it is stored. Its key may be of any length: nothing is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
}

/// Rows of a range, ascending by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<StoredRow>,
    /// There may be more rows after the last.
    pub more: bool,
}

/// A row beside the key space, as its engine understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnRow {
    /// The last incarnation that was given to a node.
    Incarnation {
        /// The node.
        node: u32,
        /// The incarnation.
        last: u64,
    },
    /// Another row as it should be.
    Sound,
    /// A row that cannot be read, that no engine has, or that is missing.
    Broken {
        /// Its key.
        key: Vec<u8>,
        /// What was expected.
        expected: String,
    },
}

/// Why a store cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(#[from] pub Box<dyn Error + Send + Sync>);

impl SourceError {
    /// An error that is told by a text.
    pub fn told(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }
}

/// A store whose rows can be read.
pub trait RowSource {
    /// The first rows from `begin` (included) to `end` (excluded), at most `rows_max`, and as many as `bytes_max` bytes of
    /// values allow; at least one where there is one.
    ///
    /// # Errors
    /// The store cannot be read.
    fn page(
        &mut self,
        begin: &[u8],
        end: &[u8],
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<Page, SourceError>;

    /// Tells the rows that the engine keeps for itself, beside the key space, one by one. Whether it keeps any there.
    ///
    /// # Errors
    /// The store cannot be read.
    fn own_rows(&mut self, _tell: &mut dyn FnMut(OwnRow)) -> Result<bool, SourceError> {
        Ok(false)
    }

    /// A text that is another one after any node has written to the store, and names the store.
    ///
    /// # Errors
    /// The store cannot be read.
    fn state(&mut self) -> Result<String, SourceError>;
}
