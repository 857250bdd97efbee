//! Where the configuration comes from: the same file, variables and flags as at the start.

use crate::configuration::{self, Arguments, ConfigurationError, Settings, Values};

/// What the process was started with.
pub struct Source {
    arguments: Arguments,
    environment: Vec<(String, String)>,
}

impl Source {
    /// The process's own `arguments` and environment. Variables that are no text are left out.
    pub fn of_process(arguments: Arguments) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            arguments,
            environment,
        }
    }

    /// Reads the configuration, with what an administrator has `ordered` over it.
    ///
    /// # Errors
    /// See `configuration::load`.
    pub fn read(&self, ordered: &Values) -> Result<Settings, ConfigurationError> {
        configuration::load(&self.arguments, self.environment.iter().cloned(), ordered)
    }
}

#[cfg(test)]
impl Source {
    /// Only this file.
    pub fn of_file(path: &std::path::Path) -> Self {
        let arguments = Arguments {
            config: Some(path.to_owned()),
            ..Arguments::default()
        };
        Self {
            arguments,
            environment: Vec::new(),
        }
    }
}
