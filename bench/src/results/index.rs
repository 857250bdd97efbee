//! `Index`: one entry a run with its key figures, derived from the runs, oldest first.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::{Fault, Run, Summary, run_folders};
use crate::record::TableRow;

/// Version of the form of `index.json`.
const INDEX_FORMAT: u32 = 1;

/// All runs below a root.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Index {
    /// Version of the form.
    pub format: u32,
    /// The runs, oldest first.
    pub runs: Vec<IndexEntry>,
}

/// A run in the index.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndexEntry {
    /// Name of the folder below `runs`.
    pub run: String,
    /// Name of the scenario.
    pub scenario_name: String,
    /// When counting began, RFC 3339 in UTC.
    pub started_at: String,
    /// Seconds that were counted.
    pub seconds: f64,
    /// Commit of the generator.
    pub commit: String,
    /// Whether the figures may be used.
    pub is_valid: bool,
    /// Ended before its time, by the user.
    pub is_partial: bool,
    /// Most sessions at a time.
    pub sessions_peak: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Deliveries a second, mean.
    pub delivered_per_second: Option<f64>,
    /// Median from send to delivery, in milliseconds.
    pub send_to_deliver_p50_ms: Option<f64>,
    /// 99th percentile from send to delivery, in milliseconds.
    pub send_to_deliver_p99_ms: Option<f64>,
    /// CPU time of the server a delivered message, in microseconds.
    pub cpu_us_per_delivered: Option<f64>,
    /// Resident memory of the server a session.
    pub resident_bytes_per_session: Option<f64>,
    /// The run's place in a table of costs.
    pub table: Option<TableRow>,
}

impl IndexEntry {
    /// The entry of a run.
    pub fn of(run: &Run, summary: &Summary) -> Self {
        let file = &run.file;
        let latency = summary.stages.get("send-to-deliver");
        let server = summary.server.as_ref();
        Self {
            run: run.folder.clone(),
            scenario_name: file.scenario_name.clone(),
            started_at: file.started_at.clone(),
            seconds: file.seconds,
            commit: file.commit.clone(),
            is_valid: summary.is_valid,
            is_partial: summary.is_partial,
            sessions_peak: run.count("sessions_peak"),
            delivered: run.count("delivered"),
            delivered_per_second: summary.delivered_per_second.as_ref().map(|rate| rate.mean),
            send_to_deliver_p50_ms: latency.map(|latency| latency.p50_ms),
            send_to_deliver_p99_ms: latency.map(|latency| latency.p99_ms),
            cpu_us_per_delivered: server.and_then(|server| server.cpu_us_per_delivered),
            resident_bytes_per_session: server.and_then(|server| server.resident_bytes_per_session),
            table: file.table.clone(),
        }
    }
}

impl Index {
    /// An index of entries, oldest first.
    pub fn new(runs: Vec<IndexEntry>) -> Self {
        Self {
            format: INDEX_FORMAT,
            runs,
        }
    }

    /// The text of `index.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("texts and numbers only");
        text.push('\n');
        text
    }
}

/// Derives and writes `index.json` below `root` from the raw data of all runs.
///
/// # Errors
/// The raw data of a run have a fault, or the file cannot be written.
pub fn write_index(root: &Path) -> Result<Index, Fault> {
    let mut entries = Vec::new();
    for folder in run_folders(root)? {
        let run = Run::read(&folder).map_err(|fault| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            fault.below(&format!("runs/{name}"))
        })?;
        entries.push(IndexEntry::of(&run, &Summary::of(&run)));
    }
    let index = Index::new(entries);
    fs::write(root.join("index.json"), index.to_json())
        .map_err(|error| Fault::inaccessible("index.json", error))?;
    Ok(index)
}
