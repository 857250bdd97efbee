//! The server's cost against what a table of runs varies: sessions, chats, stored messages, cores.

use std::collections::BTreeMap;

use super::axis::{Axis, Label};
use super::plot::{Ink, Line, Mark, Plot};
use super::quantity;
use super::recorded::RecordedRun;
use super::runs_table;
use super::text::escaped;

/// The section, or nothing if no run belongs to a table.
pub fn section(runs: &[RecordedRun]) -> String {
    let axes = newest_by_place(runs);
    if axes.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section id=\"cost\"><h2>Cost of the server</h2>\n<p>Each point is the newest valid run at its place. Processor time is user and \
         system time of the whole server process; memory is what came with the sessions.</p>\n",
    );
    for (axis, places) in &axes {
        let title = axis_title(axis);
        out.push_str(&format!(
            "<h3>By {}</h3>\n<div class=\"plots\">",
            escaped(title)
        ));
        for plot in plots(title, places) {
            out.push_str(&plot.figure());
        }
        out.push_str("</div>\n");
        let rows: Vec<&RecordedRun> = places.values().copied().collect();
        out.push_str(&runs_table::table(&format!("Cost by {title}"), &rows));
    }
    out.push_str("</section>\n");
    out
}

type Places<'a> = BTreeMap<u64, &'a RecordedRun>;

fn newest_by_place(runs: &[RecordedRun]) -> BTreeMap<&str, Places<'_>> {
    let mut axes: BTreeMap<&str, Places<'_>> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.summary.is_valid) {
        if let Some(table) = &run.run.file.table {
            let places = axes.entry(table.axis.as_str()).or_default();
            // Runs come oldest first, so the newest stays.
            places.insert(table.value, run);
        }
    }
    axes
}

fn axis_title(axis: &str) -> &str {
    match axis {
        "stored-messages" => "stored messages",
        "cores" => "cores of the server",
        axis => axis,
    }
}

fn plots(title: &str, places: &Places<'_>) -> Vec<Plot> {
    let rate = |run: &RecordedRun| Some(run.summary.delivered_per_second.as_ref()?.mean);
    let plots = [
        plot(
            title,
            places,
            "Processor a delivered message",
            quantity::microseconds,
            RecordedRun::cpu_us,
        ),
        plot(
            title,
            places,
            "Memory a session",
            quantity::bytes,
            RecordedRun::session_bytes,
        ),
        plot(
            title,
            places,
            "Delivered a second",
            quantity::short_count,
            |run| rate(run).filter(|rate| *rate > 0.0),
        ),
    ];
    plots.into_iter().flatten().collect()
}

fn plot(
    axis: &str,
    places: &Places<'_>,
    title: &str,
    label: Label,
    figure: impl Fn(&RecordedRun) -> Option<f64>,
) -> Option<Plot> {
    let mark = |(value, run): (&u64, &&RecordedRun)| {
        let y = figure(run)?;
        let tells = format!("{} {axis}: {}", quantity::whole(*value), label(y));
        Some(Mark {
            x: *value as f64,
            y,
            tells,
        })
    };
    let marks: Vec<Mark> = places.iter().filter_map(mark).collect();
    let (first, last) = (marks.first()?.x, marks.last()?.x);
    let most = marks.iter().map(|mark| mark.y).fold(0.0, f64::max);
    Some(Plot {
        title: title.to_owned(),
        of: format!("cost by {axis}"),
        x: Axis::logarithmic(axis, first, last, quantity::short_count),
        y: Axis::from_zero(title, most, label),
        lines: vec![Line::marked(title, Ink::Blue, marks)],
    })
}
