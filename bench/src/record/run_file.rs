//! `RunFile`: `run.json`, what a run was and what was counted beside the histograms and the series.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ErrorCount;

/// Version of the form of a run's folder.
pub const RUN_FORMAT: u32 = 1;

/// What a run was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// [`RUN_FORMAT`].
    pub format: u32,
    /// Name of the scenario.
    pub scenario_name: String,
    /// When counting began, RFC 3339 in UTC.
    pub started_at: String,
    /// Seconds that were counted.
    pub seconds: f64,
    /// Seconds of load before, not counted.
    pub warm_up_s: u64,
    /// Seed of the schedule.
    pub seed: u64,
    /// Short commit of the generator's repository, or `unknown`.
    pub commit: String,
    /// Whether the work tree was that commit.
    pub commit_is_clean: bool,
    /// The command, from the repository's root.
    pub command: String,
    /// Version that the node tells in `Welcome`.
    pub node_version: String,
    /// The machine and the node's settings.
    pub circumstances: Circumstances,
    /// Ended before its time, by the user.
    pub is_partial: bool,
    /// Why the figures must not be used; empty for a valid run.
    pub invalid_because: Vec<String>,
    /// Errors by kind.
    pub errors: Vec<ErrorCount>,
    /// Counts by name; `refused.CODE` for refused sends.
    pub counts: BTreeMap<String, u64>,
    /// The server process; absent if it could not be watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerTotals>,
    /// The generator itself.
    pub generator: GeneratorUse,
    /// The run's place in a table of costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableRow>,
}

/// The machine and the node's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circumstances {
    /// Model of the processor.
    pub processor: String,
    /// Processors of the machine.
    pub cores: u32,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Release of the kernel.
    pub kernel: String,
    /// Whether the machine is a virtual one.
    pub virtualised: bool,
    /// Cores of the node; absent if not known.
    pub server_cores: Option<u32>,
    /// Days that the node keeps messages, 0 for until they are delivered; absent if not known.
    pub retention_days: Option<u32>,
    /// The node's store; absent if not known.
    pub store: Option<String>,
    /// Anything else that a reader must know, for example pinning and priority.
    pub notes: Vec<String>,
}

/// The server process over the counted time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTotals {
    /// User and system time, in seconds.
    pub cpu_s: f64,
    /// Resident memory before the first session.
    pub resident_bytes_empty: u64,
    /// Resident memory when counting began.
    pub resident_bytes_begin: u64,
    /// Resident memory when it ended.
    pub resident_bytes_end: u64,
    /// Metrics at the end; how much the counters among them grew.
    pub metrics: BTreeMap<String, f64>,
}

/// The generator over the counted time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorUse {
    /// User and system time, in seconds.
    pub cpu_s: f64,
    /// 99th percentile of the lag, in milliseconds.
    pub lag_p99_ms: f64,
    /// Largest lag, in milliseconds.
    pub lag_max_ms: f64,
}

/// A run's place in a table of costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRow {
    /// What varies: `sessions`, `chats`, `stored-messages` or `cores`.
    pub axis: String,
    /// Its value in this run.
    pub value: u64,
}
