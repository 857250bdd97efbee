//! `Summary`: the key figures of a run, derived from its raw data alone. The same raw data always give the same text.
//!
//! Latencies are rounded to nanoseconds, all else to three decimals.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{Fault, Run, Transactions};
use crate::record::{Row, VALUES_PER_MILLISECOND};

/// Version of the form of `summary.json`.
pub const SUMMARY_FORMAT: u32 = 1;

/// Rows that are closer together than this are not taken as a second of their own.
const INTERVAL_S_MIN: f64 = 0.5;

/// The figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// [`SUMMARY_FORMAT`].
    pub format: u32,
    /// Name of the run's folder.
    pub run: String,
    /// Whether the figures may be used.
    pub is_valid: bool,
    /// Why not.
    pub invalid_because: Vec<String>,
    /// Ended before its time, by the user.
    pub is_partial: bool,
    /// Latencies by stage.
    pub stages: BTreeMap<&'static str, Latency>,
    /// `Sent` a second.
    pub sent_per_second: Option<Rate>,
    /// Deliveries a second.
    pub delivered_per_second: Option<Rate>,
    /// The server process.
    pub server: Option<ServerFigures>,
    /// The generator.
    pub generator: GeneratorFigures,
    /// Syncs of the server's commit log.
    pub syncs: Option<Syncs>,
    /// What the commit log held beyond the tables.
    pub backlog: Option<Backlog>,
    /// Transactions of a store in a database cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<Transactions>,
    /// Traffic on the wire.
    pub wire: Option<Wire>,
    /// SHA-256 of each raw file.
    pub raw_sha256: BTreeMap<String, String>,
}

/// Latencies of a stage, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Values.
    pub count: u64,
    /// Mean.
    pub mean_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// 99.9th percentile.
    pub p99_9_ms: f64,
    /// 99.99th percentile.
    pub p99_99_ms: f64,
    /// Maximum.
    pub max_ms: f64,
}

/// Events a second, over the seconds of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// All events by the whole time.
    pub mean: f64,
    /// Median of the seconds.
    pub median: f64,
    /// Slowest second.
    pub min: f64,
    /// Fastest second.
    pub max: f64,
}

/// What the server process used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServerFigures {
    /// User and system time a delivered message, in microseconds; absent if none was delivered.
    pub cpu_us_per_delivered: Option<f64>,
    /// Cores that were busy on average.
    pub cpu_cores: f64,
    /// Resident memory when counting began.
    pub resident_bytes_begin: u64,
    /// Resident memory when it ended.
    pub resident_bytes_end: u64,
    /// Resident memory that came with the sessions, by the most sessions at a time.
    pub resident_bytes_per_session: Option<f64>,
}

/// What the generator used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GeneratorFigures {
    /// Cores that were busy on average.
    pub cpu_cores: f64,
    /// 99th percentile of the lag, in milliseconds.
    pub lag_p99_ms: f64,
    /// Largest lag, in milliseconds.
    pub lag_max_ms: f64,
}

/// Syncs of the server's commit log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Syncs {
    /// How many.
    pub count: u64,
    /// Messages sent by syncs, the median of the seconds.
    pub messages_per_sync_median: Option<f64>,
    /// Mean length, in milliseconds.
    pub mean_ms: Option<f64>,
    /// The bounds between which the median length lies, in milliseconds.
    pub median_between_ms: Option<[f64; 2]>,
}

/// Bytes of the commit log that were not yet in the tables.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Backlog {
    /// In the first row.
    pub begin_bytes: u64,
    /// In the last row.
    pub end_bytes: u64,
    /// In any row.
    pub max_bytes: u64,
}

/// Traffic of all clients, by messages sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wire {
    /// Bytes from clients to the server.
    pub bytes_out_per_sent: f64,
    /// Bytes from the server to clients.
    pub bytes_in_per_sent: f64,
    /// Frames from clients to the server.
    pub frames_out_per_sent: f64,
    /// Frames from the server to clients.
    pub frames_in_per_sent: f64,
}

impl Summary {
    /// Derives the summary of the run in a folder.
    ///
    /// # Errors
    /// The raw data have a fault; its file is relative to the folder.
    pub fn derive(folder: &Path) -> Result<Self, Fault> {
        Ok(Self::of(&Run::read(folder)?))
    }

    /// Derives the summary of a run.
    pub fn of(run: &Run) -> Self {
        let stages = run.stages.iter();
        Self {
            format: SUMMARY_FORMAT,
            run: run.folder.clone(),
            is_valid: run.file.invalid_because.is_empty(),
            invalid_because: run.file.invalid_because.clone(),
            is_partial: run.file.is_partial,
            stages: stages
                .map(|log| (log.stage.name(), Latency::of(&log.total)))
                .collect(),
            sent_per_second: Rate::of(&run.rows, |row| row.sent),
            delivered_per_second: Rate::of(&run.rows, |row| row.delivered),
            server: ServerFigures::of(run),
            generator: GeneratorFigures {
                cpu_cores: thousandths(run.file.generator.cpu_s / run.file.seconds),
                lag_p99_ms: millionths(run.file.generator.lag_p99_ms),
                lag_max_ms: millionths(run.file.generator.lag_max_ms),
            },
            syncs: Syncs::of(run),
            backlog: Backlog::of(&run.rows),
            transactions: run
                .file
                .server
                .as_ref()
                .and_then(|server| Transactions::of(&server.metrics, run.file.seconds)),
            wire: Wire::of(&run.rows),
            raw_sha256: run.raw_sha256.clone(),
        }
    }

    /// The text of `summary.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("texts and numbers only");
        text.push('\n');
        text
    }
}

/// Derives and writes `summary.json` in a run's folder.
///
/// # Errors
/// The raw data have a fault, or the file cannot be written.
pub fn write_summary(folder: &Path) -> Result<Summary, Fault> {
    let summary = Summary::derive(folder)?;
    fs::write(folder.join("summary.json"), summary.to_json())
        .map_err(|error| Fault::inaccessible("summary.json", error))?;
    Ok(summary)
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| {
            millionths(histogram.value_at_quantile(quantile) as f64 / VALUES_PER_MILLISECOND)
        };
        Self {
            count: histogram.len(),
            mean_ms: millionths(histogram.mean() / VALUES_PER_MILLISECOND),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p99_9_ms: at(0.999),
            p99_99_ms: at(0.9999),
            max_ms: at(1.0),
        }
    }
}

impl Rate {
    fn of(rows: &[Row], count: impl Fn(&Row) -> u64) -> Option<Self> {
        let last = rows.last()?;
        let mut rates: Vec<f64> = per_second(rows, &count)
            .into_iter()
            .map(|(_, rate)| rate)
            .collect();
        rates.sort_by(f64::total_cmp);
        Some(Self {
            mean: thousandths(count(last) as f64 / last.t_s),
            median: thousandths(median(&rates)?),
            min: thousandths(*rates.first()?),
            max: thousandths(*rates.last()?),
        })
    }
}

/// Growth of a total a second, with the time of each row; counting began with 0 at 0 s.
pub fn per_second(rows: &[Row], total: impl Fn(&Row) -> u64) -> Vec<(f64, f64)> {
    let (mut before_s, mut before) = (0.0, 0);
    let mut rates = Vec::with_capacity(rows.len());
    for row in rows {
        let length_s = row.t_s - before_s;
        if length_s < INTERVAL_S_MIN {
            continue;
        }
        rates.push((row.t_s, (total(row) - before) as f64 / length_s));
        (before_s, before) = (row.t_s, total(row));
    }
    rates
}

impl ServerFigures {
    fn of(run: &Run) -> Option<Self> {
        let server = run.file.server.as_ref()?;
        let delivered = run.count("delivered");
        let sessions = run.count("sessions_peak");
        let grown = server.resident_bytes_end as f64 - server.resident_bytes_empty as f64;
        Some(Self {
            cpu_us_per_delivered: (delivered > 0)
                .then(|| thousandths(server.cpu_s * 1e6 / delivered as f64)),
            cpu_cores: thousandths(server.cpu_s / run.file.seconds),
            resident_bytes_begin: server.resident_bytes_begin,
            resident_bytes_end: server.resident_bytes_end,
            resident_bytes_per_session: (sessions > 0)
                .then(|| thousandths(grown / sessions as f64)),
        })
    }
}

impl Syncs {
    fn of(run: &Run) -> Option<Self> {
        const SYNCS: &str = "ringpost_store_sync_seconds";
        let count = run.rows.iter().rev().find_map(|row| row.syncs)?;
        let metrics = run.file.server.as_ref().map(|server| &server.metrics);
        let metric = |suffix: &str| metrics?.get(&format!("{SYNCS}{suffix}")).copied();
        let mean_ms = match (metric("_sum"), metric("_count")) {
            (Some(sum), Some(count)) if count > 0.0 => Some(millionths(sum * 1e3 / count)),
            _ => None,
        };
        Some(Self {
            count,
            messages_per_sync_median: messages_per_sync(&run.rows).map(thousandths),
            mean_ms,
            median_between_ms: metrics.and_then(|metrics| median_bounds_ms(metrics, SYNCS)),
        })
    }
}

fn messages_per_sync(rows: &[Row]) -> Option<f64> {
    let (mut syncs_before, mut sent_before) = (0, 0);
    let mut ratios = Vec::new();
    for row in rows {
        let Some(syncs) = row.syncs.filter(|syncs| *syncs > syncs_before) else {
            continue;
        };
        ratios.push((row.sent - sent_before) as f64 / (syncs - syncs_before) as f64);
        (syncs_before, sent_before) = (syncs, row.sent);
    }
    ratios.sort_by(f64::total_cmp);
    median(&ratios)
}

/// The bounds of the bucket that holds the median of a Prometheus histogram of seconds, in milliseconds.
fn median_bounds_ms(metrics: &BTreeMap<String, f64>, name: &str) -> Option<[f64; 2]> {
    let prefix = format!("{name}_bucket{{le=\"");
    let mut buckets: Vec<(f64, f64)> = metrics
        .iter()
        .filter_map(|(name, count)| {
            let bound = name.strip_prefix(&prefix)?.strip_suffix("\"}")?;
            Some((bound.parse::<f64>().ok()?, *count))
        })
        .collect();
    buckets.sort_by(|left, right| left.0.total_cmp(&right.0));
    let half = metrics.get(&format!("{name}_count"))? / 2.0;
    let index = buckets.iter().position(|(_, count)| *count >= half)?;
    let below = index.checked_sub(1).map_or(0.0, |index| buckets[index].0);
    let above = buckets[index].0;
    (half > 0.0 && above.is_finite()).then(|| [millionths(below * 1e3), millionths(above * 1e3)])
}

impl Backlog {
    fn of(rows: &[Row]) -> Option<Self> {
        let bytes: Vec<u64> = rows.iter().filter_map(|row| row.backlog_bytes).collect();
        Some(Self {
            begin_bytes: *bytes.first()?,
            end_bytes: *bytes.last()?,
            max_bytes: *bytes.iter().max()?,
        })
    }
}

impl Wire {
    fn of(rows: &[Row]) -> Option<Self> {
        let last = rows.last().filter(|row| row.sent > 0)?;
        let each = |count: u64| thousandths(count as f64 / last.sent as f64);
        Some(Self {
            bytes_out_per_sent: each(last.bytes_out),
            bytes_in_per_sent: each(last.bytes_in),
            frames_out_per_sent: each(last.frames_out),
            frames_in_per_sent: each(last.frames_in),
        })
    }
}

/// The middle of sorted values; of two, their mean.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        _ if sorted.is_empty() => None,
        1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

pub(super) fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

pub(super) fn millionths(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(totals: &[(f64, u64, u64)]) -> Vec<Row> {
        totals
            .iter()
            .map(|&(t_s, sent, syncs)| Row {
                t_s,
                sent,
                syncs: Some(syncs),
                ..Row::default()
            })
            .collect()
    }

    #[test]
    fn rates_count_from_the_begin_and_leave_out_a_short_end() {
        let rows = rows(&[
            (1.0, 100, 10),
            (2.0, 400, 20),
            (4.0, 600, 40),
            (4.1, 601, 40),
        ]);
        let rate = Rate::of(&rows, |row| row.sent).expect("there are rows");
        assert_eq!((rate.min, rate.median, rate.max), (100.0, 100.0, 300.0));
        assert_eq!(rate.mean, thousandths(601.0 / 4.1));
        assert_eq!(messages_per_sync(&rows), Some(10.0));
        assert_eq!(Rate::of(&[], |row| row.sent), None);
    }

    #[test]
    fn the_median_of_a_metric_lies_in_the_first_bucket_with_half() {
        let metrics = [
            ("x_count", 10.0),
            ("x_bucket{le=\"0.001\"}", 2.0),
            ("x_bucket{le=\"0.002\"}", 5.0),
            ("x_bucket{le=\"+Inf\"}", 10.0),
        ];
        let metrics = metrics.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(median_bounds_ms(&metrics, "x"), Some([1.0, 2.0]));
        assert_eq!(median_bounds_ms(&metrics, "y"), None);
    }

    #[test]
    fn the_middle_of_an_even_number_is_a_mean() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }
}
