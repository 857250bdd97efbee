//! `Run`: the raw data of one run's folder, read whole and held to their forms. Derived files are not read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::run_file::read_run_file;
use super::series::read_series;
use super::{Fault, StageLog, Why};
use crate::record::{Row, RunFile, Stage};

/// Raw files that every run has.
const ALWAYS: [&str; 3] = ["run.json", "scenario.toml", "series.csv"];
/// Runs that are read at most.
const RUNS_MAX: usize = 10_000;

/// Raw data of a run.
pub struct Run {
    /// Name of the folder.
    pub folder: String,
    /// `run.json`.
    pub file: RunFile,
    /// `scenario.toml`, as text.
    pub scenario: String,
    /// The stages that have values, in the order of [`Stage::ALL`].
    pub stages: Vec<StageLog>,
    /// `series.csv`.
    pub rows: Vec<Row>,
    /// SHA-256 of each raw file, in hexadecimal.
    pub raw_sha256: BTreeMap<String, String>,
}

impl Run {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// The first fault; its file is relative to the folder.
    pub fn read(folder: &Path) -> Result<Self, Fault> {
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        expect_known_files(folder)?;
        let mut raw_sha256 = BTreeMap::new();
        let mut read = |file: &str| {
            let bytes = fs::read(folder.join(file)).map_err(|e| Fault::inaccessible(file, e))?;
            raw_sha256.insert(file.to_owned(), hexadecimal(&Sha256::digest(&bytes)));
            Ok::<_, Fault>(bytes)
        };
        let file = read_run_file(&name, &text("run.json", read("run.json")?)?)?;
        let scenario = text("scenario.toml", read("scenario.toml")?)?;
        let rows = read_series("series.csv", &text("series.csv", read("series.csv")?)?)?;
        let mut stages = Vec::new();
        for stage in Stage::ALL {
            let log = format!("{}.hlog", stage.name());
            if folder.join(&log).exists() {
                stages.push(StageLog::read(&log, stage, &read(&log)?)?);
            }
        }
        Ok(Self {
            folder: name,
            file,
            scenario,
            stages,
            rows,
            raw_sha256,
        })
    }

    /// A count of `run.json`, 0 if it is not there.
    pub fn count(&self, name: &str) -> u64 {
        self.file.counts.get(name).copied().unwrap_or_default()
    }
}

/// The folders of all runs below `root`, by name, oldest first. None if there is no `runs`.
///
/// # Errors
/// A folder cannot be listed, or a plain file lies among the runs.
pub fn run_folders(root: &Path) -> Result<Vec<PathBuf>, Fault> {
    let runs = root.join("runs");
    if !runs.exists() {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for (name, path) in entries(&runs).map_err(|fault| fault.below("runs"))? {
        if !path.is_dir() {
            return Err(Fault::whole(name, Why::Unknown).below("runs"));
        }
        folders.push(path);
    }
    if folders.len() > RUNS_MAX {
        let what = format!("more than {RUNS_MAX} runs");
        return Err(Fault::whole("runs", Why::Malformed(what)));
    }
    Ok(folders)
}

/// Names and paths of a folder's entries, by name.
fn entries(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Fault> {
    let listed = fs::read_dir(folder).map_err(|error| Fault::inaccessible("", error))?;
    let mut entries = BTreeMap::new();
    for entry in listed {
        let entry = entry.map_err(|error| Fault::inaccessible("", error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        entries.insert(name, entry.path());
    }
    Ok(entries)
}

fn expect_known_files(folder: &Path) -> Result<(), Fault> {
    let found = entries(folder)?;
    for name in found.keys() {
        let stage = name
            .strip_suffix(".hlog")
            .or_else(|| name.strip_suffix(".hgrm"));
        let is_stage = stage.is_some_and(|stem| Stage::ALL.iter().any(|each| each.name() == stem));
        if !is_stage && !ALWAYS.contains(&name.as_str()) && name != "summary.json" {
            return Err(Fault::whole(name, Why::Unknown));
        }
        let log = name.replace(".hgrm", ".hlog");
        if !found.contains_key(&log) {
            return Err(Fault::whole(log, Why::Missing));
        }
    }
    let missing = ALWAYS.into_iter().find(|name| !found.contains_key(*name));
    missing.map_or(Ok(()), |name| Err(Fault::whole(name, Why::Missing)))
}

fn text(file: &str, bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes)
        .map_err(|error| Fault::whole(file, Why::Malformed(format!("not UTF-8: {error}"))))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
