//! Runs the check on what the argument names. Ends with 0 for a good store, 1 for findings, 2 when it cannot be told.

use ringpost_storage_check::{Options, Phase, Walked, check};

use super::text;
use crate::arguments::FsckOptions;
use crate::error::ToolError;
use crate::lines;
use crate::progress::Progress;
use crate::store::open_source;

/// Checks a store.
pub fn run(options: &FsckOptions) -> Result<(), ToolError> {
    let cannot = |error: &dyn std::fmt::Display| ToolError::CannotRun(error.to_string());
    let prefix = &options.store.prefix;
    let mut opened = open_source(&options.store.store, prefix).map_err(|error| cannot(&error))?;
    let mut progress = Progress::new(options.quiet);
    let mut observe = |walked: Walked| {
        let step = match walked.phase {
            Phase::Chats => "checking chats",
            Phase::Users => "checking users",
            Phase::Others => "checking the rest",
        };
        progress.say(step, walked.fraction, || {
            format!("{} chats and users", walked.checked)
        });
    };
    let folder = options.temporary.clone().unwrap_or_else(std::env::temp_dir);
    let settings = Options {
        findings_per_kind_max: options.findings_max,
        folder,
        ..Options::default()
    };
    let checked = check(&mut *opened.rows, &settings, &mut observe);
    progress.end();
    let report = checked.map_err(|error| cannot(&error))?;
    match options.json {
        true => lines::print(&format!("{:#}", text::to_json(&report, opened.name)))?,
        false => lines::print(text::to_text(&report).trim_end())?,
    }
    match (report.count(), report.is_moved) {
        (0, _) => Ok(()),
        (count, false) => Err(ToolError::Found(format!("{count} findings"))),
        (count, true) => Err(ToolError::CannotRun(format!(
            "{count} findings, but a node wrote to the store meanwhile, which can make findings: \
             stop all nodes and check again"
        ))),
    }
}
