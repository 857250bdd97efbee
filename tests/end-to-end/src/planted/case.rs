//! The cases: which defect, under which fault, must end with which finding. Input: rounds and a seed. Output: the verdict.
//!
//! Every node of these cases is built in one way, so that a case and its control differ by the defect alone.

use std::time::Duration;

use ringpost_power_loss::SyncFault;
use serde_json::{Value, json};

use super::build::build_node;
use super::verdict::{Expected, Verdict};
use crate::check::Wrong;
use crate::rounds::{Cut, Ending, RoundsError, RoundsPlan, RoundsReport, run_rounds};

/// A store that lost what it had answered stays behind its clients for good: no use to wait long for it.
const DEFECT_STALL_TIMEOUT: Duration = Duration::from_secs(15);

/// A message sent again has a second place, which its sender is not told or is told besides.
const STORED_TWICE: Expected = Expected::Finding {
    finding: Wrong::Repeated,
    beside: &[Wrong::Disordered, Wrong::Missing, Wrong::Odd],
};

/// A chat's head is behind what was answered and delivered, or its number is another message's. A store that went back may
/// break every other promise as well.
const ANSWERED_AND_GONE: Expected = Expected::Finding {
    finding: Wrong::Contradicted,
    beside: &Wrong::ALL,
};

/// Rounds that must end in one way.
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
    /// How the rounds must end.
    pub expected: Expected,
}

/// All cases. The first two are the controls of the others.
pub const CASES: [PlantedCase; 6] = [
    PlantedCase {
        name: "kill",
        defect: None,
        fault: None,
        ending: Ending::Kill,
        expected: Expected::Clean,
    },
    PlantedCase {
        name: "power loss",
        defect: None,
        fault: None,
        ending: Ending::PowerLoss,
        expected: Expected::Clean,
    },
    PlantedCase {
        name: "kill, window ignored",
        defect: Some("window_ignored"),
        fault: None,
        ending: Ending::Kill,
        expected: STORED_TWICE,
    },
    PlantedCase {
        name: "power loss, sync removed",
        defect: Some("sync_removed"),
        fault: None,
        ending: Ending::PowerLoss,
        expected: ANSWERED_AND_GONE,
    },
    PlantedCase {
        name: "power loss, answer before sync",
        defect: Some("answer_before_sync"),
        fault: None,
        ending: Ending::PowerLoss,
        expected: ANSWERED_AND_GONE,
    },
    PlantedCase {
        name: "power loss, syncs ignored",
        defect: None,
        fault: Some(SyncFault::Ignored),
        ending: Ending::PowerLoss,
        expected: ANSWERED_AND_GONE,
    },
];

/// Why a case could not be run.
#[derive(Debug, thiserror::Error)]
pub enum PlantedError {
    /// A node did not build.
    #[error("the node does not build")]
    Build,
    /// The files of a build could not be made.
    #[error("the files of the node's build: {source}")]
    Files {
        /// Why.
        source: std::io::Error,
    },
    /// The rounds could not be run.
    #[error(transparent)]
    Rounds(#[from] RoundsError),
}

/// How a case came out.
#[derive(Clone, Debug)]
pub struct PlantedReport {
    /// The case.
    pub case: PlantedCase,
    /// Whether it is as it must be.
    pub verdict: Verdict,
    /// What the rounds brought.
    pub rounds: RoundsReport,
}

impl PlantedReport {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "case": self.case.name,
            "defect": self.case.defect,
            "as_it_must": self.verdict.is_as_it_must(),
            "verdict": self.verdict.to_string(),
            "report": self.rounds.to_json(),
        })
    }
}

/// Builds the node of a case and runs its rounds.
///
/// # Errors
/// It could not be run.
pub fn run_case(case: &PlantedCase, rounds: u32, seed: u64) -> Result<PlantedReport, PlantedError> {
    let binary = build_node(case.defect)
        .map_err(|source| PlantedError::Files { source })?
        .ok_or(PlantedError::Build)?;
    let mut plan = RoundsPlan {
        binary: Some(binary),
        fault: case.fault,
        cut: Cut::ToSynced,
        ..RoundsPlan::new(case.ending, rounds, seed)
    };
    if case.expected != Expected::Clean {
        plan.stall_timeout = DEFECT_STALL_TIMEOUT;
        plan.keeps_folder = false;
    }
    let report = run_rounds(&plan)?;
    Ok(PlantedReport {
        case: *case,
        verdict: Verdict::of(case.expected, &report),
        rounds: report,
    })
}
