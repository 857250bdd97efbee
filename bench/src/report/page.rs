//! The page: style and script inside, a table of all runs, the cost of the server, then a section a scenario.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::recorded::{RecordedRun, ReportError};
use super::text::{escaped, identifier};
use super::{cost, runs_table, scenario_section};

const COLOURS: &str = include_str!("colours.css");
const PLOT_STYLE: &str = include_str!("plot.css");
const PAGE_STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the report of all runs below `root` to the file `out`.
///
/// # Errors
/// A run's raw data have a fault, or the file cannot be written.
pub fn write(root: &Path, out: &Path) -> Result<(), ReportError> {
    let page = html(root)?;
    fs::write(out, page).map_err(|source| ReportError::Write {
        path: out.to_owned(),
        source,
    })
}

/// The report of all runs below `root`, as HTML.
///
/// # Errors
/// A run's raw data have a fault.
pub fn html(root: &Path) -> Result<String, ReportError> {
    let runs = RecordedRun::read_all(root)?;
    let names: BTreeSet<&str> = runs.iter().map(RecordedRun::scenario_name).collect();
    let mut out = head();
    write_header(&mut out, &runs, &names);
    out.push_str("<main>\n");
    if runs.is_empty() {
        out.push_str(NO_RUNS);
    } else {
        let newest_first: Vec<&RecordedRun> = runs.iter().rev().collect();
        let table = runs_table::table("All runs, newest first", &newest_first);
        let _ = write!(
            out,
            "<section id=\"runs\"><h2>All runs</h2>\n{table}</section>\n"
        );
    }
    out.push_str(&cost::section(&runs));
    for name in names {
        out.push_str(&scenario_section::section(name, &runs));
    }
    let _ = write!(
        out,
        "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    Ok(out)
}

const NO_RUNS: &str = "<section><h2>No runs yet</h2><p>Record the first one from the repository’s root:</p>\
    <pre class=\"scroll\" tabindex=\"0\">cargo run --release -p ringpost-bench -- run pairs</pre>\
    <p>This page is made anew after each run.</p></section>\n";

fn head() -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Ringpost: recorded runs</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style id=\"plot-style\">{COLOURS}{PLOT_STYLE}</style>\n\
         <style>{PAGE_STYLE}</style>\n</head>\n<body>\n"
    )
}

fn write_header(out: &mut String, runs: &[RecordedRun], names: &BTreeSet<&str>) {
    out.push_str("<header><p class=\"product\">Ringpost</p><h1>Recorded runs</h1>\n");
    if let Some(newest) = runs.last() {
        let valid = runs.iter().filter(|run| run.summary.is_valid).count();
        let _ = writeln!(
            out,
            "<p>{} runs of {} scenarios, {valid} of them valid; the newest of {} UTC. Everything here is derived from the raw data \
             beside this file; times and rates of different machines do not compare.</p>",
            runs.len(),
            names.len(),
            escaped(&newest.when())
        );
    }
    out.push_str("<nav aria-label=\"Sections\"><ul>");
    if !runs.is_empty() {
        out.push_str("<li><a href=\"#runs\">All runs</a></li>");
    }
    if runs
        .iter()
        .any(|run| run.run.file.table.is_some() && run.summary.is_valid)
    {
        out.push_str("<li><a href=\"#cost\">Cost</a></li>");
    }
    for name in names {
        let _ = write!(
            out,
            "<li><a href=\"#scenario-{}\">{}</a></li>",
            identifier(name),
            escaped(name)
        );
    }
    out.push_str("</ul></nav></header>\n");
}
