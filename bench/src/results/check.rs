//! The check of all recorded results: every derived file must be what the raw data beside it give. Writes nothing.

use std::fs;
use std::path::Path;

use super::difference::differences;
use super::{Fault, Index, IndexEntry, Run, Summary, Why, run_folders};
use crate::record::percentile_distribution;

/// Faults that are told at most of one file.
const FAULTS_PER_FILE_MAX: usize = 20;

/// What was checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    /// Runs whose derived files are what their raw data give.
    pub runs: usize,
}

/// The results do not hold.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.faults))]
pub struct CheckError {
    /// Every fault that was found.
    pub faults: Vec<Fault>,
}

fn lines(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Checks all runs below `root`, and its index.
///
/// # Errors
/// All faults, by run; of a run whose raw data cannot be read, the first.
pub fn check(root: &Path) -> Result<Checked, CheckError> {
    let folders = run_folders(root).map_err(|fault| CheckError {
        faults: vec![fault],
    })?;
    let mut faults = Vec::new();
    let mut entries = Vec::new();
    for folder in &folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let below = |fault: Fault| fault.below(&format!("runs/{name}"));
        match Run::read(folder) {
            Ok(run) => {
                let summary = Summary::of(&run);
                faults.extend(
                    derived_faults(folder, &run, &summary)
                        .into_iter()
                        .map(below),
                );
                entries.push(IndexEntry::of(&run, &summary));
            }
            Err(fault) => faults.push(below(fault)),
        }
    }
    if faults.is_empty() && (!entries.is_empty() || root.join("index.json").exists()) {
        let index = Index::new(entries).to_json();
        faults.extend(json_faults(root, "index.json", &index));
    }
    if faults.is_empty() {
        return Ok(Checked {
            runs: folders.len(),
        });
    }
    Err(CheckError { faults })
}

fn derived_faults(folder: &Path, run: &Run, summary: &Summary) -> Vec<Fault> {
    let mut faults = json_faults(folder, "summary.json", &summary.to_json());
    for log in &run.stages {
        let file = format!("{}.hgrm", log.stage.name());
        faults.extend(text_fault(
            folder,
            &file,
            &percentile_distribution(&log.total),
        ));
    }
    faults
}

fn json_faults(folder: &Path, file: &str, derived: &str) -> Vec<Fault> {
    let recorded = match fs::read_to_string(folder.join(file)) {
        Ok(text) => text,
        Err(error) => return vec![Fault::inaccessible(file, error)],
    };
    if recorded == derived {
        return Vec::new();
    }
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text);
    let (recorded, derived) = match (value(&recorded), value(derived)) {
        (Ok(recorded), Ok(derived)) => (recorded, derived),
        (Err(error), _) | (_, Err(error)) => {
            return vec![Fault::whole(file, Why::Malformed(error.to_string()))];
        }
    };
    let found = differences(&recorded, &derived);
    if found.is_empty() {
        let what = "the values hold, but the text is not as the program writes it".to_owned();
        return vec![Fault::whole(file, Why::Malformed(what))];
    }
    let faults = found.into_iter().take(FAULTS_PER_FILE_MAX);
    faults
        .map(|difference| {
            let why = Why::NotDerived {
                recorded: difference.recorded,
                derived: difference.derived,
            };
            Fault::of(file, difference.field, why)
        })
        .collect()
}

/// The first line that differs.
fn text_fault(folder: &Path, file: &str, derived: &str) -> Option<Fault> {
    let recorded = match fs::read(folder.join(file)) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return Some(Fault::inaccessible(file, error)),
    };
    if recorded == derived {
        return None;
    }
    let mut sides = (recorded.split('\n'), derived.split('\n'));
    let mut number = 1;
    loop {
        match (sides.0.next(), sides.1.next()) {
            (None, None) => return None,
            (left, right) if left == right => number += 1,
            (left, right) => {
                let text = |line: Option<&str>| format!("`{}`", line.unwrap_or_default().trim());
                let why = Why::NotDerived {
                    recorded: text(left),
                    derived: text(right),
                };
                return Some(Fault::of(file, format!("line {number}"), why));
            }
        }
    }
}
