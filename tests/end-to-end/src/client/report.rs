//! What the rounds of client processes brought, and what is wrong.

use serde_json::{Value, json};

use super::plan::ClientEnding;
use crate::check::Findings;

/// What the rounds brought.
#[derive(Clone, Debug)]
pub struct ClientReport {
    /// What happened in each round.
    pub ending: ClientEnding,
    /// The seed.
    pub seed: u64,
    /// Rounds that were run.
    pub rounds: u32,
    /// Messages that the SDK took.
    pub accepted: u64,
    /// Messages handed over again after a restart, since they were not durably confirmed.
    pub handed_again: u64,
    /// Bytes that the cuts took away.
    pub cut_bytes: u64,
    /// Whether everything settled.
    pub is_settled: bool,
    /// ERROR lines of the node.
    pub error_lines: Vec<String>,
    /// What is wrong with the chats.
    pub findings: Findings,
}

impl ClientReport {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.is_settled && self.error_lines.is_empty() && self.findings.is_clean()
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "ending": format!("{:?}", self.ending),
            "seed": self.seed,
            "clean": self.is_clean(),
            "rounds": self.rounds,
            "accepted": self.accepted,
            "handed_again": self.handed_again,
            "cut_bytes": self.cut_bytes,
            "settled": self.is_settled,
            "error_lines": self.error_lines,
            "findings": self.findings.to_json(),
        })
    }
}
