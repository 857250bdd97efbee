//! One scenario in the report: how its runs developed, the newest run in full, and earlier ones folded away.

use std::fmt::Write;

use super::comparable::earlier;
use super::recorded::RecordedRun;
use super::text::{escaped, identifier};
use super::{run_section, trend};

/// Runs of a scenario that are shown with plots at most, the newest; the others are in the table of all runs.
const RUNS_SHOWN_MAX: usize = 30;

/// The section of the scenario `name` among all runs, oldest first.
pub fn section(name: &str, runs: &[RecordedRun]) -> String {
    let of_scenario: Vec<usize> = (0..runs.len())
        .filter(|index| runs[*index].scenario_name() == name)
        .collect();
    let mut out = format!(
        "<section id=\"scenario-{}\"><h2>{}</h2>\n",
        identifier(name),
        escaped(name)
    );
    let members: Vec<&RecordedRun> = of_scenario.iter().map(|index| &runs[*index]).collect();
    let trends = trend::plots(&members);
    if !trends.is_empty() {
        out.push_str("<h3>This scenario over its runs</h3>\n<div class=\"plots\">");
        for plot in &trends {
            out.push_str(&plot.figure());
        }
        out.push_str("</div>\n");
    }
    let mut newest_first = of_scenario.iter().rev().take(RUNS_SHOWN_MAX);
    if let Some(&index) = newest_first.next() {
        out.push_str(&run_section::article(&runs[index], earlier(runs, index)));
    }
    for &index in newest_first {
        let run = &runs[index];
        let _ = write!(
            out,
            "<details class=\"earlier\"><summary>{}{}</summary>\n{}</details>\n",
            escaped(&run.when()),
            place(run),
            run_section::article(run, earlier(runs, index))
        );
    }
    out.push_str("</section>\n");
    out
}

fn place(run: &RecordedRun) -> String {
    let table = run.run.file.table.as_ref();
    table.map_or(String::new(), |table| {
        let value = super::quantity::whole(table.value);
        escaped(&format!(" · {value} {}", table.axis))
    })
}
