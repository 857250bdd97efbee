//! What a program says that was built without FoundationDB's client. The configuration is refused before, with more words.

use crate::configuration::Settings;
use crate::store::{Store, StoreError};

/// Ends nothing.
pub fn end() {}

/// Opens nothing.
///
/// # Errors
/// Always.
pub fn open(_: &Settings) -> Result<Box<dyn Store>, StoreError> {
    let reason = "this program was built without FoundationDB";
    Err(StoreError::Open(reason.into()))
}
