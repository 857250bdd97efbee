//! `ScenarioError`: why a scenario cannot be had.

use std::path::PathBuf;

/// Why a scenario cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("scenario file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("{origin} is not valid TOML: {message}")]
    NotToml {
        /// The file.
        origin: String,
        /// Where and what.
        message: String,
    },
    /// A field is wrong, missing or unknown.
    #[error("{origin}: {key}: {message}")]
    Field {
        /// The file, or the setting that was laid over it.
        origin: String,
        /// The field, `load.pairs`.
        key: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// No built-in scenario has the name.
    #[error("no built-in scenario is named {name}; there are {names}")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// All there are.
        names: String,
    },
}
