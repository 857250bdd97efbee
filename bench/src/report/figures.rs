//! The head figures of a run, each beside that of an earlier comparable run, and its table of latencies.

use std::fmt::Write;

use super::quantity;
use super::recorded::{RecordedRun, stage_title};
use super::text::escaped;

/// A figure: what it is, how it is read from a run, and how it is written.
type Figure = (
    &'static str,
    fn(&RecordedRun) -> Option<f64>,
    fn(f64) -> String,
);

const FIGURES: [Figure; 9] = [
    ("delivered a second", delivered_rate, quantity::short_count),
    ("median", main_p50, quantity::latency),
    ("99 %", main_p99, quantity::latency),
    (
        "CPU a delivered message",
        RecordedRun::cpu_us,
        quantity::microseconds,
    ),
    ("busy cores, server", server_cores, quantity::plain),
    ("most sessions", sessions, quantity::short_count),
    ("server's memory at the end", resident, quantity::bytes),
    (
        "memory a session",
        RecordedRun::session_bytes,
        quantity::bytes,
    ),
    ("messages a sync, median", messages_a_sync, quantity::plain),
];

/// The tiles of a run.
pub fn tiles(run: &RecordedRun, earlier: Option<&RecordedRun>) -> String {
    let mut out = String::from("<dl class=\"tiles\">");
    for (name, read, format) in FIGURES {
        let Some(value) = read(run) else {
            continue;
        };
        let title = match (name, run.main_stage()) {
            ("median" | "99 %", Some(stage)) => format!("{}, {name}", stage_title(stage)),
            _ => name.to_owned(),
        };
        let _ = write!(
            out,
            "<div><dt>{}</dt><dd>{}</dd>{}</div>",
            escaped(&title),
            format(value),
            before(value, earlier.and_then(read), format)
        );
    }
    out.push_str("</dl>\n");
    out
}

fn before(value: f64, earlier: Option<f64>, format: fn(f64) -> String) -> String {
    match earlier {
        Some(earlier) if earlier > 0.0 => format!(
            "<dd class=\"before\">earlier {} (× {:.2})</dd>",
            format(earlier),
            value / earlier
        ),
        _ => String::new(),
    }
}

fn delivered_rate(run: &RecordedRun) -> Option<f64> {
    let rate = run.summary.delivered_per_second.as_ref()?.mean;
    (rate > 0.0).then_some(rate)
}

fn main_p50(run: &RecordedRun) -> Option<f64> {
    Some(run.latency(run.main_stage()?)?.p50_ms)
}

fn main_p99(run: &RecordedRun) -> Option<f64> {
    Some(run.latency(run.main_stage()?)?.p99_ms)
}

fn server_cores(run: &RecordedRun) -> Option<f64> {
    Some(run.summary.server.as_ref()?.cpu_cores)
}

fn sessions(run: &RecordedRun) -> Option<f64> {
    let sessions = run.run.count("sessions_peak");
    (sessions > 0).then_some(sessions as f64)
}

fn resident(run: &RecordedRun) -> Option<f64> {
    Some(run.summary.server.as_ref()?.resident_bytes_end as f64)
}

fn messages_a_sync(run: &RecordedRun) -> Option<f64> {
    let median = run.summary.syncs.as_ref()?.messages_per_sync_median?;
    (median > 0.0).then_some(median)
}

/// The latencies of all stages.
pub fn latencies(run: &RecordedRun) -> String {
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Latencies\"><table><caption>Latencies</caption><thead><tr>\
         <th scope=\"col\">Stage</th>",
    );
    for heading in [
        "count", "mean", "median", "90 %", "99 %", "99.9 %", "99.99 %", "max",
    ] {
        let _ = write!(out, "<th scope=\"col\" class=\"number\">{heading}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for log in &run.run.stages {
        let Some(latency) = run.latency(log.stage) else {
            continue;
        };
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td>",
            stage_title(log.stage),
            quantity::whole(latency.count)
        );
        for ms in [
            latency.mean_ms,
            latency.p50_ms,
            latency.p90_ms,
            latency.p99_ms,
            latency.p99_9_ms,
            latency.p99_99_ms,
            latency.max_ms,
        ] {
            let _ = write!(out, "<td class=\"number\">{}</td>", quantity::latency(ms));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>\n");
    out
}
