//! The summary as a table for a terminal: one line a server, one column a case. Pure.

use std::fmt::Write;

use crate::case::Case;
use crate::record::{Record, Spread, Summary};
use crate::server::Kind;

type Figure = fn(&Summary) -> Spread;

/// All figures, with their units in the headings.
pub(crate) fn table(record: &Record, servers: &[Kind], cases: &[Case]) -> String {
    let figures: [(&str, Figure, f64); 4] = [
        (
            "server CPU a round trip, ns",
            |one| one.cpu_ns_per_round_trip,
            1.0,
        ),
        (
            "thousand round trips a second",
            |one| one.round_trips_per_second,
            1e3,
        ),
        ("latency p50, us", |one| one.latency_p50_ns, 1e3),
        ("latency p99, us", |one| one.latency_p99_ns, 1e3),
    ];
    let mut out = String::new();
    for (title, figure, unit) in figures {
        heading(&mut out, title, cases);
        for &server in servers {
            let cells = cases.iter().map(|&case| {
                let summary = &record.summary;
                let found = summary
                    .iter()
                    .find(|one| one.server == server && one.case == case);
                found.map(|one| cell(figure(one), unit))
            });
            line(&mut out, server, cells);
        }
        out.push('\n');
    }
    memory(&mut out, record);
    out
}

fn heading(out: &mut String, title: &str, cases: &[Case]) {
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "{title}: median (least-most), by connections x in flight"
    );
    let _ = write!(out, "{:<14}", "");
    for case in cases {
        let _ = write!(out, "{:>24}", case.to_string());
    }
    out.push('\n');
}

fn line(out: &mut String, server: Kind, cells: impl Iterator<Item = Option<String>>) {
    let _ = write!(out, "{:<14}", server.name());
    for cell in cells {
        let _ = write!(out, "{:>24}", cell.as_deref().unwrap_or("-"));
    }
    out.push('\n');
}

fn memory(out: &mut String, record: &Record) {
    for one in &record.idle_memory_summary {
        let _ = writeln!(
            out,
            "{:<14}{:>24} bytes of memory for each of {} idle connections",
            one.server.name(),
            cell(one.bytes_per_connection, 1.0),
            one.connections
        );
    }
}

fn cell(spread: Spread, unit: f64) -> String {
    let [median, least, most] = [spread.median, spread.least, spread.most].map(|one| one / unit);
    let digits = usize::from(median < 100.0);
    format!("{median:.digits$} ({least:.digits$}-{most:.digits$})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_median_and_spread() {
        let spread = Spread {
            median: 3082.4,
            least: 3000.0,
            most: 3100.0,
        };
        assert_eq!(cell(spread, 1.0), "3082 (3000-3100)");
        assert_eq!(cell(spread, 1e3), "3.1 (3.0-3.1)");
    }
}
