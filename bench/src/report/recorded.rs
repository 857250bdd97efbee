//! `RecordedRun`: a run with its summary, as the report shows it; and why a report cannot be made.

use std::io;
use std::path::{Path, PathBuf};

use crate::record::Stage;
use crate::results::{Fault, Latency, Run, StageLog, Summary, run_folders};

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A run's raw data have a fault.
    #[error(transparent)]
    Raw(#[from] Fault),
    /// The report cannot be written.
    #[error("{path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A run and its figures.
pub struct RecordedRun {
    /// Raw data.
    pub run: Run,
    /// Figures.
    pub summary: Summary,
}

impl RecordedRun {
    /// All runs below `root`, oldest first.
    ///
    /// # Errors
    /// The first fault of raw data.
    pub fn read_all(root: &Path) -> Result<Vec<Self>, Fault> {
        let read = |folder: PathBuf| {
            let run = Run::read(&folder).map_err(|fault| {
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                fault.below(&format!("runs/{name}"))
            })?;
            let summary = Summary::of(&run);
            Ok(Self { run, summary })
        };
        run_folders(root)?.into_iter().map(read).collect()
    }

    /// The name of the scenario.
    pub fn scenario_name(&self) -> &str {
        &self.run.file.scenario_name
    }

    /// When it began, to the minute, for a reader.
    pub fn when(&self) -> String {
        let started_at = self.run.file.started_at.replace('T', " ");
        started_at.chars().take("0000-00-00 00:00".len()).collect()
    }

    /// A stage's log.
    pub fn stage(&self, stage: Stage) -> Option<&StageLog> {
        self.run.stages.iter().find(|log| log.stage == stage)
    }

    /// A stage's latencies.
    pub fn latency(&self, stage: Stage) -> Option<&Latency> {
        self.summary.stages.get(stage.name())
    }

    /// The stage that tells most of this run: of those with values, the nearest to what a user feels.
    pub fn main_stage(&self) -> Option<Stage> {
        [
            Stage::SendToDeliver,
            Stage::ResumeToCaughtUp,
            Stage::SendToSent,
            Stage::Connect,
        ]
        .into_iter()
        .find(|stage| self.stage(*stage).is_some())
    }

    /// CPU of the server a delivered message, in microseconds.
    pub fn cpu_us(&self) -> Option<f64> {
        self.summary.server.as_ref()?.cpu_us_per_delivered
    }

    /// Resident memory of the server a session.
    pub fn session_bytes(&self) -> Option<f64> {
        self.summary.server.as_ref()?.resident_bytes_per_session
    }
}

/// A stage as a reader calls it.
pub fn stage_title(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connect",
        Stage::SendToSent => "send → sent",
        Stage::SendToDeliver => "send → deliver",
        Stage::TakenToSent => "taken → sent",
        Stage::ResumeToCaughtUp => "resume → caught up",
        Stage::Lag => "generator's lag",
    }
}
