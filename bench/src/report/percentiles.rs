//! The plot of latency by percentile: one line a stage, each nine as wide as the one before, and an earlier run dashed.

use hdrhistogram::Histogram;

use super::axis::{Axis, nines};
use super::plot::{Ink, Line, Plot};
use super::quantity::latency;
use super::recorded::{RecordedRun, stage_title};
use crate::record::{Stage, VALUES_PER_MILLISECOND};

/// Steps in each halving of the distance to 100 %.
const TICKS_PER_HALF_DISTANCE: u32 = 5;
/// The least latency that is shown, in milliseconds.
const LEAST_MS: f64 = 0.001;

/// The plot of a run.
pub fn plot(run: &RecordedRun, earlier: Option<&RecordedRun>) -> Plot {
    let mut lines: Vec<Line> = Vec::new();
    let main = run.main_stage();
    let before = main.and_then(|stage| earlier?.stage(stage));
    if let Some(log) = before {
        let name = format!("{}, earlier", stage_title(log.stage));
        lines.push(Line::new(&name, Ink::Earlier, points(&log.total)));
    }
    for log in &run.run.stages {
        let name = stage_title(log.stage);
        lines.push(Line::new(name, ink(log.stage), points(&log.total)));
    }
    let all = || lines.iter().flat_map(|line| &line.points);
    let least = all().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let most = all().map(|point| point.1).fold(LEAST_MS, f64::max);
    let nines_max = all().map(|point| point.0).fold(1.0, f64::max);
    let least = if least.is_finite() { least } else { LEAST_MS };
    Plot {
        title: "Latency by percentile".to_owned(),
        of: run.run.folder.clone(),
        x: Axis::percentiles("share of all at or below", nines_max),
        y: Axis::logarithmic("latency", least, most, latency),
        lines,
    }
}

/// The colour of a stage in all plots.
pub fn ink(stage: Stage) -> Ink {
    match stage {
        Stage::Connect => Ink::Violet,
        Stage::SendToSent => Ink::Orange,
        Stage::SendToDeliver => Ink::Blue,
        Stage::TakenToSent => Ink::Violet,
        Stage::ResumeToCaughtUp => Ink::Green,
        Stage::Lag => Ink::Grey,
    }
}

/// Nines and milliseconds; the maximum stands where one value of all lies above.
fn points(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    let end = 1.0 - 1.0 / histogram.len().max(2) as f64;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        let quantile = step.quantile_iterated_to().min(end);
        let ms = step.value_iterated_to() as f64 / VALUES_PER_MILLISECOND;
        let point = (nines(quantile), ms.max(LEAST_MS));
        match points.last_mut() {
            Some(last) if last.0 >= point.0 => last.1 = last.1.max(point.1),
            _ => points.push(point),
        }
    }
    points
}
