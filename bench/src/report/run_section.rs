//! One run in the report: what it was, its head figures, its plots, its tables.

use std::fmt::Write;

use super::recorded::RecordedRun;
use super::runs_table::state;
use super::text::{escaped, identifier};
use super::{figures, parameters, percentiles, time_plots};

/// The article of a run; `earlier` is the run it is compared with.
pub fn article(run: &RecordedRun, earlier: Option<&RecordedRun>) -> String {
    let file = &run.run.file;
    let mut out = format!(
        "<article id=\"run-{}\"><h3>{} {}</h3>\n<p class=\"about\">commit <code>{}</code>",
        identifier(&run.run.folder),
        escaped(&run.when()),
        state(run),
        escaped(&file.commit)
    );
    if let Some(table) = &file.table {
        let value = super::quantity::whole(table.value);
        let _ = write!(out, " · {value} {}", escaped(&table.axis));
    }
    if let Some(earlier) = earlier {
        let _ = write!(out, " · earlier: {}", escaped(&earlier.when()));
    }
    out.push_str("</p>\n");
    if !run.summary.invalid_because.is_empty() {
        out.push_str("<ul class=\"reasons\">");
        for reason in &run.summary.invalid_because {
            let _ = write!(out, "<li>{}</li>", escaped(reason));
        }
        out.push_str("</ul>\n");
    }
    out.push_str(&figures::tiles(run, earlier));
    out.push_str("<div class=\"plots\">\n");
    out.push_str(&percentiles::plot(run, earlier).figure());
    for plot in time_plots::plots(run) {
        out.push_str(&plot.figure());
    }
    out.push_str("</div>\n");
    out.push_str(&figures::latencies(run));
    out.push_str(&parameters::errors(run));
    out.push_str(&parameters::details(run));
    out.push_str("</article>\n");
    out
}
