//! `export`: all rows of chats and users of a store, in one file.

use std::time::{SystemTime, UNIX_EPOCH};

use ringpost_storage_core::key::ExportId;
use serde_json::json;

use crate::arguments::ExportOptions;
use crate::error::ToolError;
use crate::lines;
use crate::progress::Progress;
use crate::store::open_source;
use crate::transfer::{self, CHECKPOINT_BLOCKS, Stamp};

/// Exports a store, or goes on with it.
pub fn run(options: &ExportOptions) -> Result<(), ToolError> {
    let mut opened = open_source(&options.store.store, &options.store.prefix)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let stamp = Stamp {
        id: ExportId(rand::random()),
        now_ms: since.map_or(0, |since| since.as_millis() as u64),
    };
    let settings = transfer::ExportOptions {
        file: options.file.clone(),
        is_restart: options.restart,
        checkpoint_blocks: CHECKPOINT_BLOCKS,
    };
    let mut progress = Progress::new(options.quiet);
    let exported = transfer::export(
        &mut *opened.rows,
        &settings,
        stamp,
        &mut |fraction, tally| {
            progress.say("exporting", fraction, || {
                format!("{} rows, {} MB", tally.rows, tally.bytes / 1_000_000)
            });
        },
    );
    progress.end();
    let contents = exported?;
    let mut summary = contents.tally.to_json();
    summary["store"] = json!(opened.name);
    summary["blocks"] = json!(contents.blocks);
    summary["file"] = json!(options.file.display().to_string());
    lines::print(&format!("{summary:#}"))
}
