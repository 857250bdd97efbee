//! `Scenario`: one load, as its file gives it and as a run records it. One that exists is within all bounds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::bounds::FILE_BYTES_MAX;
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
        let text = read_bounded(path).map_err(|source| ScenarioError::Unreadable {
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

fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut file = File::open(path)?.take(FILE_BYTES_MAX + 1);
    if file.read_to_string(&mut text)? as u64 > FILE_BYTES_MAX {
        let message = format!("is larger than {FILE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_up_to_a_size_and_named_in_errors() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mine.toml");
        let refusal = || Scenario::read(&path).expect_err("wrong").to_string();
        assert!(refusal().contains("mine.toml"), "absent");
        let text = built_in::text("pairs").expect("built in");
        std::fs::write(&path, text).expect("written");
        assert_eq!(Scenario::read(&path).expect("valid").name, "pairs");
        std::fs::write(&path, format!("{text}pears = 1\n")).expect("written");
        assert!(refusal().contains("mine.toml: load.pears"));
        std::fs::write(&path, "#".repeat(FILE_BYTES_MAX as usize + 1)).expect("written");
        assert!(refusal().contains("larger than 65536 bytes"));
    }
}
