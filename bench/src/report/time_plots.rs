//! The plots of a run over its time: latency, messages, processor, memory, sessions, backlog.

use super::axis::{Axis, Label};
use super::plot::{Ink, Line, Plot};
use super::quantity;
use super::recorded::{RecordedRun, stage_title};
use crate::record::{Row, VALUES_PER_MILLISECOND};
use crate::results::per_second;

/// Longer runs are shown in minutes.
const MINUTES_FROM_S: f64 = 600.0;

/// All plots over time of a run.
pub fn plots(run: &RecordedRun) -> Vec<Plot> {
    [
        latency(run),
        messages(run),
        processor(run),
        memory(run),
        sessions(run),
        backlog(run),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Latency each second of the run's main stage.
fn latency(run: &RecordedRun) -> Option<Plot> {
    let log = run.stage(run.main_stage()?)?;
    let line = |name: &str, ink: Ink, of: fn(&crate::results::Interval) -> u64| {
        let points = log.intervals.iter().map(|interval| {
            let ms = of(interval) as f64 / VALUES_PER_MILLISECOND;
            (interval.end_s, ms.max(0.001))
        });
        Line::new(name, ink, points.collect())
    };
    let lines = vec![
        line("maximum", Ink::Orange, |interval| interval.max_ns),
        line("99 %", Ink::Violet, |interval| interval.p99_ns),
        line("median", Ink::Blue, |interval| interval.p50_ns),
    ];
    let values = || {
        lines
            .iter()
            .flat_map(|line| line.points.iter().map(|point| point.1))
    };
    let least = values().fold(f64::INFINITY, f64::min);
    let most = values().fold(0.001, f64::max);
    let title = format!("Latency each second, {}", stage_title(log.stage));
    let y = Axis::logarithmic("latency", least.min(most), most, quantity::latency);
    Some(over_time(run, &title, y, lines))
}

fn messages(run: &RecordedRun) -> Option<Plot> {
    let rows = &run.run.rows;
    let lines = vec![
        Line::new("sent", Ink::Orange, per_second(rows, |row| row.sent)),
        Line::new(
            "delivered",
            Ink::Blue,
            per_second(rows, |row| row.delivered),
        ),
        Line::new("refused", Ink::Violet, per_second(rows, |row| row.refused)),
    ];
    let lines = without_idle(lines);
    from_zero(run, "Messages a second", quantity::short_count, lines)
}

fn processor(run: &RecordedRun) -> Option<Plot> {
    let millis = |seconds: f64| (seconds * 1e3).round() as u64;
    let per_core = |points: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
        points
            .into_iter()
            .map(|(t, rate)| (t, rate / 1e3))
            .collect()
    };
    let watched: Vec<Row> = run
        .run
        .rows
        .iter()
        .filter(|row| row.server_cpu_s.is_some())
        .cloned()
        .collect();
    let server = per_second(&watched, |row| millis(row.server_cpu_s.unwrap_or_default()));
    let generator = per_second(&run.run.rows, |row| millis(row.generator_cpu_s));
    let lines = vec![
        Line::new("server", Ink::Blue, per_core(server)),
        Line::new("generator", Ink::Grey, per_core(generator)),
    ];
    from_zero(run, "Processor, busy cores", quantity::plain, lines)
}

fn memory(run: &RecordedRun) -> Option<Plot> {
    let points = gauge(run, |row| row.server_resident_bytes);
    let lines = vec![Line::new("server", Ink::Blue, points)];
    from_zero(run, "Resident memory of the server", quantity::bytes, lines)
}

fn sessions(run: &RecordedRun) -> Option<Plot> {
    let points = gauge(run, |row| Some(row.sessions));
    let lines = vec![Line::new("sessions", Ink::Violet, points)];
    from_zero(run, "Sessions", quantity::short_count, without_idle(lines))
}

fn backlog(run: &RecordedRun) -> Option<Plot> {
    let points = gauge(run, |row| row.backlog_bytes);
    let lines = vec![Line::new("backlog", Ink::Green, points)];
    let title = "Commit log not yet in the tables";
    from_zero(run, title, quantity::bytes, without_idle(lines))
}

fn gauge(run: &RecordedRun, of: impl Fn(&Row) -> Option<u64>) -> Vec<(f64, f64)> {
    let rows = run.run.rows.iter();
    rows.filter_map(|row| Some((row.t_s, of(row)? as f64)))
        .collect()
}

/// Leaves out lines that are 0 all the time.
fn without_idle(mut lines: Vec<Line>) -> Vec<Line> {
    lines.retain(|line| line.points.iter().any(|point| point.1 > 0.0));
    lines
}

fn from_zero(run: &RecordedRun, title: &str, label: Label, lines: Vec<Line>) -> Option<Plot> {
    let points = lines.iter().flat_map(|line| &line.points);
    let most = points.map(|point| point.1).fold(0.0, f64::max);
    let has_points = lines.iter().any(|line| !line.points.is_empty());
    has_points.then(|| over_time(run, title, Axis::from_zero(title, most, label), lines))
}

fn over_time(run: &RecordedRun, title: &str, y: Axis, mut lines: Vec<Line>) -> Plot {
    let points = lines.iter().flat_map(|line| &line.points);
    let mut end = points.map(|point| point.0).fold(1.0, f64::max);
    let mut unit = "seconds";
    if end >= MINUTES_FROM_S {
        unit = "minutes";
        end /= 60.0;
        let all = lines.iter_mut().flat_map(|line| &mut line.points);
        all.for_each(|point| point.0 /= 60.0);
    }
    let x = Axis::between(
        &format!("{unit} since counting began"),
        0.0,
        end,
        quantity::plain,
    );
    Plot {
        title: title.to_owned(),
        of: run.run.folder.clone(),
        x,
        y,
        lines,
    }
}
