//! `import`: reads an export into an empty store, and checks that the store then holds what the file does.

use ringpost_storage_core::key::ExportId;
use serde_json::json;

use crate::arguments::ImportOptions;
use crate::error::ToolError;
use crate::lines;
use crate::progress::Progress;
use crate::store::open_target;
use crate::transfer::{ExportFile, ImportPhase, Tally, hex, import};

/// Imports an export, or goes on with it.
pub fn run(options: &ImportOptions) -> Result<(), ToolError> {
    let file = ExportFile::open(&options.file);
    let mut file = file.map_err(crate::transfer::ImportError::from)?;
    let mut opened = open_target(&options.store.store, &options.store.prefix)?;
    let mut progress = Progress::new(options.quiet);
    let imported = import(
        &mut file,
        &mut *opened.rows,
        &mut |phase, fraction, rows| {
            let step = match phase {
                ImportPhase::Writing => "importing",
                ImportPhase::Comparing => "comparing",
            };
            progress.say(step, fraction, || format!("{rows} rows"));
        },
    );
    progress.end();
    lines::print(&summary(&imported?, file.id(), opened.name))
}

fn summary(tally: &Tally, id: ExportId, store: &str) -> String {
    let mut summary = tally.to_json();
    summary["store"] = json!(store);
    summary["export"] = json!(hex(&id.0));
    format!("{summary:#}")
}
