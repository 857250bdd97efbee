//! A table of runs, one row each, in a box of its own that scrolls sideways where the page is narrow.

use std::fmt::Write;

use super::quantity;
use super::recorded::RecordedRun;
use super::text::{escaped, identifier};
use crate::record::Stage;

const HEADINGS: [(&str, bool); 12] = [
    ("Run", false),
    ("Scenario", false),
    ("State", false),
    ("Commit", false),
    ("Length", true),
    ("Sessions", true),
    ("Delivered/s", true),
    ("Median", true),
    ("99 %", true),
    ("CPU/message", true),
    ("Memory/session", true),
    ("Table", false),
];

/// The table; runs in the order given.
pub fn table(caption: &str, runs: &[&RecordedRun]) -> String {
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>",
        escaped(caption)
    );
    for (heading, is_number) in HEADINGS {
        let class = if is_number { " class=\"number\"" } else { "" };
        let _ = write!(out, "<th scope=\"col\"{class}>{heading}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for run in runs {
        write_row(&mut out, run);
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn write_row(out: &mut String, run: &RecordedRun) {
    let file = &run.run.file;
    let latency = run.latency(Stage::SendToDeliver);
    let rate = run.summary.delivered_per_second.as_ref();
    let place = file.table.as_ref().map_or(String::new(), |table| {
        format!("{} {}", quantity::whole(table.value), table.axis)
    });
    let _ = write!(
        out,
        "<tr><th scope=\"row\"><a href=\"#run-{}\">{}</a></th><td>{}</td><td>{}</td><td><code>{}</code></td>",
        identifier(&run.run.folder),
        escaped(&run.when()),
        escaped(run.scenario_name()),
        state(run),
        escaped(&file.commit),
    );
    let numbers = [
        quantity::duration(file.seconds),
        quantity::whole(run.run.count("sessions_peak")),
        shown(
            rate.map(|rate| rate.mean).filter(|mean| *mean > 0.0),
            |mean| quantity::whole(mean.round() as u64),
        ),
        shown(latency.map(|latency| latency.p50_ms), quantity::latency),
        shown(latency.map(|latency| latency.p99_ms), quantity::latency),
        shown(run.cpu_us(), quantity::microseconds),
        shown(run.session_bytes(), quantity::bytes),
    ];
    for number in numbers {
        let _ = write!(out, "<td class=\"number\">{number}</td>");
    }
    let _ = writeln!(out, "<td>{}</td></tr>", escaped(&place));
}

/// A figure, or a dash.
pub fn shown(figure: Option<f64>, format: impl Fn(f64) -> String) -> String {
    figure.map_or("–".to_owned(), format)
}

/// Whether the run's figures may be used, as a badge.
pub fn state(run: &RecordedRun) -> &'static str {
    match (run.summary.is_valid, run.summary.is_partial) {
        (false, _) => "<span class=\"badge bad\">not valid</span>",
        (true, true) => "<span class=\"badge part\">partial</span>",
        (true, false) => "<span class=\"badge good\">valid</span>",
    }
}
