//! Shows that the rounds can fail: nodes built with a planted defect fail them, the node without one does not.
//!
//! A defect is chosen with a rustc `--cfg` and built in a target folder of its own, so it never meets the real binary.

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

/// Builds the node with a defect, in a target folder of its own.
fn build(defect: &'static str) -> Result<PathBuf, PlantedError> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from)
        .join(format!("planted-{defect}"));
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "-p", "ringpost"])
        .current_dir(&workspace)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", format!("--cfg planted=\"{defect}\""))
        .status();
    match status {
        Ok(status) if status.success() => Ok(target.join("debug").join("ringpost")),
        _ => Err(PlantedError::Build(defect)),
    }
}
