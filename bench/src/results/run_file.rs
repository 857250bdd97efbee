//! Reads `run.json` and holds it to its form, to the name of its folder, and to telling nothing of one machine.

use super::command::machine_word;
use super::{Fault, Why, folder_name};
use crate::record::{RUN_FORMAT, RunFile};

const FILE: &str = "run.json";

/// The run's file, checked.
///
/// # Errors
/// The first fault, with its field.
pub fn read_run_file(folder: &str, text: &str) -> Result<RunFile, Fault> {
    expect_format(text)?;
    let decoder = &mut serde_json::Deserializer::from_str(text);
    let run: RunFile = serde_path_to_error::deserialize(decoder).map_err(|error| {
        let field = error.path().to_string();
        Fault::of(FILE, field, Why::Malformed(error.into_inner().to_string()))
    })?;
    expect_name(folder, &run)?;
    expect_figures(&run)?;
    expect_no_machine("command", &run.command)?;
    for (index, note) in run.circumstances.notes.iter().enumerate() {
        expect_no_machine(&format!("circumstances.notes.{index}"), note)?;
    }
    Ok(run)
}

fn expect_format(text: &str) -> Result<(), Fault> {
    let malformed =
        |error: serde_json::Error| Fault::whole(FILE, Why::Malformed(error.to_string()));
    let value: serde_json::Value = serde_json::from_str(text).map_err(malformed)?;
    let found = value.get("format");
    if found == Some(&RUN_FORMAT.into()) {
        return Ok(());
    }
    let why = Why::Format {
        found: found.map_or("without a number".to_owned(), ToString::to_string),
        known: RUN_FORMAT,
    };
    Err(Fault::of(FILE, "format", why))
}

fn expect_name(folder: &str, run: &RunFile) -> Result<(), Fault> {
    match folder_name(&run.started_at, &run.scenario_name) {
        None => {
            let what = format!(
                "`{}` and `{}` are not a time in UTC (RFC 3339) and a plain name",
                run.started_at, run.scenario_name
            );
            Err(Fault::of(
                FILE,
                "started_at, scenario_name",
                Why::Malformed(what),
            ))
        }
        Some(name) if name != folder => Err(Fault::of(
            FILE,
            "started_at, scenario_name",
            Why::Name(name),
        )),
        Some(_) => Ok(()),
    }
}

fn expect_figures(run: &RunFile) -> Result<(), Fault> {
    if !(run.seconds.is_finite() && run.seconds > 0.0) {
        let what = format!("{} is not a length of time", run.seconds);
        return Err(Fault::of(FILE, "seconds", Why::Malformed(what)));
    }
    if run.table.as_ref().is_some_and(|table| table.value == 0) {
        let what = "0 has no place on a logarithmic axis".to_owned();
        return Err(Fault::of(FILE, "table.value", Why::Malformed(what)));
    }
    Ok(())
}

fn expect_no_machine(field: &str, text: &str) -> Result<(), Fault> {
    match machine_word(text) {
        Some(word) => Err(Fault::of(FILE, field, Why::Machine(word.to_owned()))),
        None => Ok(()),
    }
}
