//! Shows that the rounds can fail: nodes built with a planted defect fail them, the node without one does not.
//!
//! A defect is chosen with a rustc `--cfg` and built in a target folder apart, so it never meets the real binary.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ringpost_power_loss::SyncFault;
use serde_json::{Value, json};

use crate::rounds::{Ending, RoundsError, RoundsPlan, run_rounds};

/// Rounds that are to fail or not.
#[derive(Clone, Copy, Debug)]
pub struct PlantedCase {
    /// What is shown.
    pub name: &'static str,
    /// The defect in the node; `None` for the node as it is.
    pub defect: Option<&'static str>,
    /// The fault of the recorder.
    pub fault: Option<SyncFault>,
    /// How each round ends.
    pub ending: Ending,
}

/// All cases. Those without a defect and a fault must hold, all others must fail.
pub const CASES: [PlantedCase; 6] = [
    case("kill", None, Ending::Kill),
    case("power loss", None, Ending::PowerLoss),
    PlantedCase {
        fault: Some(SyncFault::Ignored),
        ..case("power loss, syncs ignored", None, Ending::PowerLoss)
    },
    case(
        "power loss, sync removed",
        Some("sync_removed"),
        Ending::PowerLoss,
    ),
    case(
        "power loss, answer before sync",
        Some("answer_before_sync"),
        Ending::PowerLoss,
    ),
    case("kill, window ignored", Some("window_ignored"), Ending::Kill),
];

const fn case(name: &'static str, defect: Option<&'static str>, ending: Ending) -> PlantedCase {
    PlantedCase {
        name,
        defect,
        fault: None,
        ending,
    }
}

/// Why a case could not be run.
#[derive(Debug, thiserror::Error)]
pub enum PlantedError {
    /// A node did not build.
    #[error("a node with the defect {0} does not build")]
    Build(&'static str),
    /// The files of the build could not be made.
    #[error("the files of a build with a defect: {source}")]
    Files {
        /// Why.
        source: std::io::Error,
    },
    /// The rounds could not be run.
    #[error(transparent)]
    Rounds(#[from] RoundsError),
}

/// Runs a case. Answers whether it came out as it must, and the report.
///
/// # Errors
/// It could not be run.
pub fn run_case(case: &PlantedCase, rounds: u32, seed: u64) -> Result<(bool, Value), PlantedError> {
    let plan = RoundsPlan {
        binary: case.defect.map(build).transpose()?,
        fault: case.fault,
        settle_timeout: Duration::from_secs(90),
        stall_timeout: Duration::from_secs(15),
        ..RoundsPlan::new(case.ending, rounds, seed)
    };
    let is_planted = case.defect.is_some() || case.fault.is_some();
    let report = run_rounds(&plan)?;
    let is_as_it_must = report.is_clean() != is_planted;
    let report = json!({
        "case": case.name,
        "planted": is_planted,
        "as_it_must": is_as_it_must,
        "report": report.to_json(),
    });
    Ok((is_as_it_must, report))
}

/// Builds the node with a defect, in a target folder for such nodes alone. Only the workspace's own crates are compiled
/// with the defect, by a wrapper named for it, so that one set of dependencies serves all defects.
fn build(defect: &'static str) -> Result<PathBuf, PlantedError> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from)
        .join("planted");
    let io = |source| PlantedError::Files { source };
    fs::create_dir_all(&target).map_err(io)?;
    let target = fs::canonicalize(target).map_err(io)?;
    let wrapper = target.join(format!("rustc-{defect}"));
    let script = format!("#!/bin/sh\nexec \"$@\" --cfg 'planted=\"{defect}\"'\n");
    fs::write(&wrapper, script).map_err(io)?;
    fs::set_permissions(&wrapper, Permissions::from_mode(0o755)).map_err(io)?;
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "-p", "ringpost"])
        .current_dir(&workspace)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTC_WORKSPACE_WRAPPER", &wrapper)
        .status()
        .map_err(io)?;
    if !status.success() {
        return Err(PlantedError::Build(defect));
    }
    let binary = target.join(format!("ringpost-{defect}"));
    fs::copy(target.join("debug/ringpost"), &binary).map_err(io)?;
    Ok(binary)
}
