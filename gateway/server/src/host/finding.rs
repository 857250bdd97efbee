//! One thing of a host that is not as it should be, in words for the operator.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The node runs, within narrower bounds than configured.
    Warning,
    /// The node cannot run.
    Fatal,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// Which setting of the host, as the operator knows it.
    pub setting: &'static str,
    /// What it is.
    pub found: String,
    /// What would do, and how to get there.
    pub remedy: String,
}

impl Finding {
    /// Writes it to the log.
    pub fn log(&self) {
        let (setting, found, remedy) = (self.setting, &self.found, &self.remedy);
        tracing::warn!(setting, %found, %remedy, "the host gives less than is configured");
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Warning => "warning",
            Weight::Fatal => "fatal",
        };
        let Self {
            setting,
            found,
            remedy,
            ..
        } = self;
        write!(f, "{weight}: {setting} is {found}: {remedy}")
    }
}
