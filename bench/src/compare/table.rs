//! A comparison as a table for a terminal. Every ratio comes with its interval; a claim only where that leaves out 1.

use std::fmt::{self, Write};

use super::comparison::{Comparison, Ratio, Run};
use super::figure::{Better, Figure};

/// The whole table, with its heading, and what was wrong with invalid runs.
pub fn table(comparison: &Comparison) -> String {
    let mut out = String::new();
    heading(&mut out, comparison);
    let ratios = comparison.ratios();
    let line = format!(
        "{:<28}{:>12}{:>12}{:>9}  {:<17}least to most",
        "",
        "A",
        "B",
        "B/A",
        interval_title(&ratios)
    );
    // Writing to a text cannot fail.
    let _ = writeln!(out, "{line}");
    for ratio in &ratios {
        row(&mut out, ratio);
    }
    if ratios.is_empty() {
        out.push_str("no round has two valid runs\n");
    }
    for run in comparison.runs.iter().filter(|run| !run.figures.is_valid()) {
        invalid(&mut out, run);
    }
    out
}

/// One line when a run has ended.
impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "round {} {}:", self.round, self.side)?;
        let told = [
            Figure::CpuUsPerDelivered,
            Figure::DeliveredPerSecond,
            Figure::SendToDeliverP99Ms,
        ];
        for figure in told {
            let value = figure.of(&self.figures).map(rounded);
            write!(
                out,
                "  {} {}",
                figure.title(),
                value.as_deref().unwrap_or("-")
            )?;
        }
        match self.figures.invalid.first() {
            Some(reason) => write!(out, "  invalid: {reason}"),
            None => Ok(()),
        }
    }
}

fn heading(out: &mut String, comparison: &Comparison) {
    let (a, b) = (&comparison.a, &comparison.b);
    let _ = writeln!(
        out,
        "{}: A is {}, B is {}; {} of {} runs",
        comparison.scenario,
        a.name,
        b.name,
        comparison.runs.len(),
        2 * comparison.rounds
    );
    if a.is_same_as(b) {
        out.push_str("A and B are the same: the spread is the machine's own\n");
    }
}

/// Names the confidence where all rows have the same: a round may lack a figure.
fn interval_title(ratios: &[Ratio]) -> String {
    let mut confidences = ratios.iter().map(|ratio| ratio.spread.confidence);
    match confidences.next() {
        Some(first) if first > 0.0 && confidences.all(|confidence| confidence == first) => {
            format!("{:.0} % interval", first * 100.0)
        }
        _ => "interval".to_owned(),
    }
}

fn row(out: &mut String, ratio: &Ratio) {
    let spread = &ratio.spread;
    let range = |low: f64, high: f64| format!("{low:.3} to {high:.3}");
    let line = format!(
        "{:<28}{:>12}{:>12}{:>9.3}  {:<17}{:<17}{}",
        ratio.figure.title(),
        rounded(ratio.a),
        rounded(ratio.b),
        spread.median,
        range(spread.low, spread.high),
        range(spread.least, spread.most),
        verdict(ratio)
    );
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Four digits that mean something.
fn rounded(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 1_000.0 => 0,
        value if value >= 100.0 => 1,
        value if value >= 10.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

fn verdict(ratio: &Ratio) -> &'static str {
    if !ratio.differs {
        return "";
    }
    let is_higher = ratio.spread.median > 1.0;
    match (ratio.figure.better(), is_higher) {
        (Better::Higher, true) | (Better::Lower, false) => "better",
        (Better::Higher, false) | (Better::Lower, true) => "worse",
        (Better::Neither, true) => "more",
        (Better::Neither, false) => "less",
    }
}

fn invalid(out: &mut String, run: &Run) {
    let reasons = run.figures.invalid.join("; ");
    let _ = writeln!(
        out,
        "invalid: {} of round {}: {reasons}",
        run.side, run.round
    );
}
