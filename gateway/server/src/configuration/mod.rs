//! The node's typed configuration: defaults, then `ringpost.toml`, then `RINGPOST_…` variables, then flags.
//!
//! A later source wins; a wrong value is refused with its name, its source and what would be right.

mod arguments;
mod layers;
mod settings;
mod validate;

pub use arguments::Arguments;
pub use layers::{ConfigurationError, Values, load, values_of};
pub use settings::{
    AuthSettings, DrainSettings, Engine, KeyAlgorithm, KeySettings, LimitSettings, LogFormat,
    LogLevel, LogSettings, Settings, TlsSettings,
};
