//! Why a trial could not be made: never an outcome of a fault.

use ringpost_power_loss::PowerLossError;

use crate::load::Totals;
use crate::{NodeError, PlaceError};

/// Why a trial could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The node could not be worked with.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node's folder could not be worked with.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The recorder or the cut failed.
    #[error(transparent)]
    PowerLoss(#[from] PowerLossError),
    /// The system refused something that the trial needs.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A command of the system failed.
    #[error("{command}: {complaint}")]
    Command {
        /// The command.
        command: String,
        /// What it said.
        complaint: String,
    },
    /// Not everyone could register before the first round.
    #[error("not everyone could register: {0:?}")]
    NotBegun(Totals),
    /// The host lacks what the trial needs.
    #[error("SKIPPED: {0}")]
    Skipped(String),
}

/// Puts what was tried before a system's error.
pub(super) fn failed(what: &'static str) -> impl Fn(std::io::Error) -> TrialError {
    move |source| TrialError::System { what, source }
}
