//! The scenario that the command line names, with its settings laid over it.

use std::path::Path;

use super::execute::CommandError;
use crate::scenario::Scenario;

/// A built-in scenario or a file's, with `settings` of the form `FIELD=VALUE` laid over it.
pub fn scenario_of(name: &str, settings: &[String]) -> Result<Scenario, CommandError> {
    let scenario = if Scenario::built_in_names().any(|built_in| built_in == name) {
        Scenario::built_in(name)?
    } else {
        Scenario::read(Path::new(name))?
    };
    let mut pairs = Vec::with_capacity(settings.len());
    for text in settings {
        pairs.push(name_and_value(
            text,
            "a setting is FIELD=VALUE, for example load.pairs=100",
        )?);
    }
    Ok(scenario.with(&pairs)?)
}

/// Both sides of the first `=`.
pub fn name_and_value<'a>(
    text: &'a str,
    wanted: &'static str,
) -> Result<(&'a str, &'a str), CommandError> {
    text.split_once('=').ok_or_else(|| CommandError::Form {
        text: text.to_owned(),
        wanted,
    })
}
