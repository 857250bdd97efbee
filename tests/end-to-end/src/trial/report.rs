//! What a trial brought: a line about each round, sums over all clients, and everything that is wrong.

use serde_json::{Value, json};

use crate::Fsck;
use crate::check::Findings;
use crate::load::Totals;

/// What a trial brought.
#[derive(Clone, Debug)]
pub struct TrialReport {
    /// Its name.
    pub trial: &'static str,
    /// The seed.
    pub seed: u64,
    /// Whether all clients connected with TLS.
    pub with_tls: bool,
    /// What was seen in each round.
    pub rounds: Vec<Value>,
    /// Sums over all devices at the end.
    pub totals: Totals,
    /// Whether everything settled.
    pub is_settled: bool,
    /// What the fault must not bring about, in words.
    pub broken: Vec<String>,
    /// ERROR lines that the fault does not explain.
    pub error_lines: Vec<String>,
    /// ERROR lines that it does.
    pub explained_error_lines: usize,
    /// What is wrong with the chats.
    pub findings: Findings,
    /// What is wrong with the rows; `None` where there was nothing to check.
    pub fsck: Option<Fsck>,
}

impl TrialReport {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.is_settled
            && self.broken.is_empty()
            && self.error_lines.is_empty()
            && self.findings.is_clean()
            && self.fsck.as_ref().is_some_and(Fsck::is_clean)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "trial": self.trial,
            "tls": self.with_tls,
            "seed": self.seed,
            "clean": self.is_clean(),
            "rounds": self.rounds,
            "messages": {
                "accepted": self.totals.accepted,
                "sent": self.totals.sent,
                "delivered": self.totals.kept,
                "answered_again": self.totals.answered_again,
            },
            "client_crashes": self.totals.crashes,
            "lost_sessions": self.totals.lost_sessions,
            "settled": self.is_settled,
            "broken": self.broken,
            "error_lines": self.error_lines,
            "explained_error_lines": self.explained_error_lines,
            "findings": self.findings.to_json(),
            "fsck": self.fsck.as_ref().map(Fsck::to_json),
        })
    }
}
