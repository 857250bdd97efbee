//! `Scenario`: one load, as its file gives it and as a run records it. One that exists is within all bounds.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::built_in;
use super::error::ScenarioError;
use super::kind::Load;
use super::read;
use super::sizes::Sizes;

/// A load. Made by the functions here only, which check every bound.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scenario {
    /// Name, for the run's folder: lower-case letters, digits and `-`.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// One seed, one schedule.
    pub seed: u64,
    /// Seconds of load before counting begins.
    pub warm_up_s: u64,
    /// Seconds that are counted.
    pub seconds: u64,
    /// When sends at a rate happen.
    pub arrivals: Arrivals,
    /// Sizes of payloads.
    pub payload: Sizes,
    /// What the devices do.
    pub load: Load,
}

/// How sends at a rate are spread over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At random, independently: the pauses are exponential.
    #[default]
    Poisson,
    /// Equal pauses, the senders in turn.
    Even,
}

impl Scenario {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has a field that is wrong, missing or unknown.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path).map_err(|source| ScenarioError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads and checks a file's text; `origin` names it in errors.
    ///
    /// # Errors
    /// Not TOML, or a field that is wrong, missing or unknown.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ScenarioError> {
        read::from_text(text, origin)
    }

    /// A scenario that comes with the binary.
    ///
    /// # Errors
    /// None has the name.
    pub fn built_in(name: &str) -> Result<Self, ScenarioError> {
        Self::parse(built_in::text(name)?, name)
    }

    /// The names that [`Scenario::built_in`] knows.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        built_in::names()
    }

    /// The same with `settings` laid over it: a field as `load.pairs`, and its value as TOML or, for a text, bare.
    /// Setting a `kind` begins its table anew.
    ///
    /// # Errors
    /// A field that is wrong, missing or unknown afterwards.
    pub fn with(&self, settings: &[(&str, &str)]) -> Result<Self, ScenarioError> {
        read::with(self, settings)
    }

    /// The whole, defaults included, as TOML that reads back as the same.
    pub fn to_toml(&self) -> String {
        toml::to_string(self)
            .expect("a scenario's numbers are within TOML's range: checked when it was made")
    }
}
