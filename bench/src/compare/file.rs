//! A comparison as a JSON file: what was compared, where, every run, and the ratios. Names no host and no folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::comparison::{Comparison, Ratio};
use crate::node::Machine;

/// Form of the file; a change of meaning raises it.
const VERSION: u32 = 1;

/// Where a comparison was made.
#[derive(Clone, Debug, Serialize)]
pub struct Origin {
    /// The command, from the repository's root.
    pub command: String,
    /// The machine.
    pub machine: Machine,
}

#[derive(Serialize)]
struct Content<'a> {
    version: u32,
    origin: &'a Origin,
    is_valid: bool,
    comparison: &'a Comparison,
    ratios: Vec<Ratio>,
}

/// A comparison could not be written.
#[derive(Debug, thiserror::Error)]
#[error("writing {path}: {source}")]
pub struct WriteComparisonError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

impl Comparison {
    /// The content of the file.
    pub fn to_json(&self, origin: &Origin) -> String {
        let content = Content {
            version: VERSION,
            origin,
            is_valid: self.is_valid(),
            comparison: self,
            ratios: self.ratios(),
        };
        serde_json::to_string_pretty(&content).expect("it holds numbers, texts and lists only")
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path, origin: &Origin) -> Result<(), WriteComparisonError> {
        fs::write(path, self.to_json(origin) + "\n").map_err(|source| WriteComparisonError {
            path: path.to_owned(),
            source,
        })
    }
}
