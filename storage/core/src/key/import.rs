//! `30 export`: how far the reading of an export into this store has come; there while it is not complete.

use super::family::{Family, array_at};
use crate::store::Key;

/// Names one export: random, made with its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportId(pub [u8; 16]);

/// The key of an import's progress.
pub fn encode(export: ExportId) -> Key {
    Family::Import.key(&[&export.0])
}

/// The export of an import's key; `None` for another key.
pub fn decode(key: &Key) -> Option<ExportId> {
    let parts = Family::Import.parts(key, 16)?;
    Some(ExportId(array_at(parts, 0)))
}
