//! What is counted during the load, and the report of a run.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use ringpost_wire::ErrorCode;
use serde::Serialize;

use crate::server_process::ServerUse;

/// Counts of one run. Latencies in nanoseconds, to three digits.
pub struct Tally {
    /// Answers `Sent`.
    pub sent: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Receipts.
    pub receipts: u64,
    /// Notes that deliveries were left out.
    pub behind: u64,
    /// Answers to sends that were answered before.
    pub repeated_answers: u64,
    /// Deliveries that were not the next number of their chat.
    pub misordered: u64,
    /// Connections that ended.
    pub lost_connections: u64,
    refusals: BTreeMap<&'static str, u64>,
    send_to_sent: Histogram<u64>,
    send_to_deliver: Histogram<u64>,
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, 600_000_000_000, 3).expect("the bounds are valid constants")
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            sent: 0,
            delivered: 0,
            receipts: 0,
            behind: 0,
            repeated_answers: 0,
            misordered: 0,
            lost_connections: 0,
            refusals: BTreeMap::new(),
            send_to_sent: histogram(),
            send_to_deliver: histogram(),
        }
    }
}

impl Tally {
    /// Counts an answer.
    pub fn sent(&mut self, latency_ns: u64) {
        self.sent += 1;
        self.send_to_sent.saturating_record(latency_ns);
    }

    /// Counts a delivery.
    pub fn delivered(&mut self, latency_ns: u64) {
        self.delivered += 1;
        self.send_to_deliver.saturating_record(latency_ns);
    }

    /// The refusals, for a message.
    pub fn refusals_text(&self) -> String {
        format!("{:?}", self.refusals)
    }

    /// Counts a refusal.
    pub fn refused(&mut self, code: ErrorCode) {
        *self.refusals.entry(code.name()).or_default() += 1;
    }
}

/// Latencies in milliseconds.
#[derive(Debug, Serialize)]
struct Latency {
    count: u64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    max_ms: f64,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
        Self {
            count: histogram.len(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: at(1.0),
        }
    }
}

/// The report of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    pairs: u32,
    in_flight: u32,
    payload_bytes: u32,
    seconds: f64,
    sent: u64,
    delivered: u64,
    delivered_per_second: f64,
    receipts: u64,
    behind: u64,
    refusals: BTreeMap<&'static str, u64>,
    repeated_answers: u64,
    misordered: u64,
    lost_connections: u64,
    send_to_sent: Latency,
    send_to_deliver: Latency,
    server_cpu_us_per_delivered: Option<f64>,
    server_cpu_share: Option<f64>,
    server: Option<ServerUse>,
    load_cpu_share: f64,
}

/// What the report says beside the tally.
pub struct Circumstances {
    /// Pairs.
    pub pairs: u32,
    /// Sends in flight a sender.
    pub in_flight: u32,
    /// Bytes of a payload.
    pub payload_bytes: u32,
    /// Seconds that were counted.
    pub seconds: f64,
    /// Use of the server process in that time.
    pub server: Option<ServerUse>,
    /// Share of one core that the load itself took.
    pub load_cpu_share: f64,
}

impl Report {
    /// Puts a run together.
    pub fn new(tally: Tally, circumstances: Circumstances) -> Self {
        let server = circumstances.server;
        let cpu_s = server.as_ref().map(|server| server.cpu_s);
        Self {
            pairs: circumstances.pairs,
            in_flight: circumstances.in_flight,
            payload_bytes: circumstances.payload_bytes,
            seconds: circumstances.seconds,
            sent: tally.sent,
            delivered: tally.delivered,
            delivered_per_second: tally.delivered as f64 / circumstances.seconds,
            receipts: tally.receipts,
            behind: tally.behind,
            refusals: tally.refusals,
            repeated_answers: tally.repeated_answers,
            misordered: tally.misordered,
            lost_connections: tally.lost_connections,
            send_to_sent: Latency::of(&tally.send_to_sent),
            send_to_deliver: Latency::of(&tally.send_to_deliver),
            server_cpu_us_per_delivered: cpu_s
                .map(|cpu_s| cpu_s * 1e6 / tally.delivered.max(1) as f64),
            server_cpu_share: cpu_s.map(|cpu_s| cpu_s / circumstances.seconds),
            server,
            load_cpu_share: circumstances.load_cpu_share,
        }
    }

    /// Whether nothing happened that makes the figures worthless.
    pub fn is_valid(&self) -> bool {
        self.misordered == 0 && self.lost_connections == 0 && self.delivered > 0
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("the report holds numbers and texts only")
    }
}
