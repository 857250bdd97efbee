//! The plots of a scenario over its runs: one mark a run, and a line through those that may be compared.

use super::axis::{Axis, Label};
use super::comparable::are_comparable;
use super::plot::{Ink, Line, Mark, Plot};
use super::quantity;
use super::recorded::{RecordedRun, stage_title};

/// Plots of a scenario at most: a row of a wide page.
const PLOTS_MAX: usize = 3;

/// Plots of valid runs of one scenario, oldest first; none if fewer than two may be compared.
pub fn plots(runs: &[&RecordedRun]) -> Vec<Plot> {
    let valid: Vec<&RecordedRun> = runs
        .iter()
        .copied()
        .filter(|run| run.summary.is_valid)
        .collect();
    let Some(newest) = valid.last() else {
        return Vec::new();
    };
    let group: Vec<&RecordedRun> = valid
        .iter()
        .copied()
        .filter(|run| are_comparable(run, newest))
        .collect();
    if group.len() < 2 {
        return Vec::new();
    }
    let main = newest.main_stage();
    let p99 = main.map_or("99 % latency".to_owned(), |stage| {
        format!("99 % of {}", stage_title(stage))
    });
    let rate = |run: &RecordedRun| Some(run.summary.delivered_per_second.as_ref()?.mean);
    let plots = [
        plot(&group, &p99, quantity::latency, |run| {
            Some(run.latency(main?)?.p99_ms)
        }),
        plot(
            &group,
            "Processor a delivered message",
            quantity::microseconds,
            RecordedRun::cpu_us,
        ),
        plot(&group, "Delivered a second", quantity::short_count, |run| {
            rate(run).filter(|rate| *rate > 0.0)
        }),
        plot(
            &group,
            "Memory a session",
            quantity::bytes,
            RecordedRun::session_bytes,
        ),
    ];
    plots.into_iter().flatten().take(PLOTS_MAX).collect()
}

fn plot(
    group: &[&RecordedRun],
    title: &str,
    label: Label,
    figure: impl Fn(&RecordedRun) -> Option<f64>,
) -> Option<Plot> {
    let marks: Vec<Mark> = group
        .iter()
        .enumerate()
        .filter_map(|(index, run)| {
            let y = figure(run)?;
            let tells = format!(
                "{}, commit {}: {}",
                run.when(),
                run.run.file.commit,
                label(y)
            );
            Some(Mark {
                x: index as f64,
                y,
                tells,
            })
        })
        .collect();
    let most = marks.iter().map(|mark| mark.y).fold(0.0, f64::max);
    let places: Vec<String> = group.iter().map(|run| run.when()).collect();
    (marks.len() > 1).then(|| Plot {
        title: title.to_owned(),
        of: group
            .last()
            .map_or("", |run| run.scenario_name())
            .to_owned(),
        x: Axis::places("runs that may be compared, by time", &places),
        y: Axis::from_zero(title, most, label),
        lines: vec![Line::marked(title, Ink::Blue, marks)],
    })
}
