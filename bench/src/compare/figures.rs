//! What one run of a scenario gives to a comparison: counts and sums as they were measured, nothing derived.

use serde::{Deserialize, Serialize};

/// One run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Seconds that were counted.
    pub seconds: f64,
    /// Messages delivered in them.
    pub delivered: u64,
    /// User and system time of the whole server process in them, in seconds.
    pub server_cpu_s: f64,
    /// Latency from send to deliver; `None` for a scenario without deliveries.
    pub send_to_deliver: Option<DeliveryLatency>,
    /// Bytes between clients and node, both ways.
    pub wire_bytes: u64,
    /// Frames between clients and node, both ways.
    pub wire_frames: u64,
    /// Resident memory of the server process at the end.
    pub resident_bytes: u64,
    /// Syncs of the commit log.
    pub syncs: u64,
    /// Why the run says nothing about the node; empty for a valid one.
    pub invalid: Vec<String>,
}

/// Percentiles of the latency from send to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryLatency {
    /// Half of the messages were delivered in this time.
    pub p50_ms: f64,
    /// 99 of a hundred.
    pub p99_ms: f64,
    /// 999 of a thousand.
    pub p999_ms: f64,
}

impl Figures {
    /// Whether the run says something about the node.
    pub fn is_valid(&self) -> bool {
        self.invalid.is_empty()
    }
}
