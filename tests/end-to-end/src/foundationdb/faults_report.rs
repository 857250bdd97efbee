//! What faults of the database's server did to a node under load.

use serde_json::{Value, json};

use super::fault::Fault;
use super::two_nodes_report::NodeFigures;
use crate::Fsck;
use crate::check::Findings;
use crate::load::Totals;

/// What one fault did.
#[derive(Clone, Debug)]
pub struct FaultOutcome {
    /// The fault.
    pub fault: Fault,
    /// How long it lasted, in milliseconds.
    pub away_ms: u64,
    /// Messages answered `Sent` while it lasted.
    pub sent_during: u64,
    /// What `/readyz` said at its end, if the node was not ready.
    pub not_ready: Option<String>,
    /// Sessions that ended from its begin until service was back.
    pub sessions_lost: u64,
    /// From the server's return until `/readyz` says ready, in milliseconds; `None` if it never did.
    pub ready_ms: Option<u64>,
    /// From the server's return until a message is answered `Sent`, in milliseconds; `None` if none was.
    pub first_sent_ms: Option<u64>,
}

impl FaultOutcome {
    /// Whether the node took it as it must: sessions kept, the state told, service back by itself.
    pub fn is_clean(&self) -> bool {
        self.sessions_lost == 0
            && self.ready_ms.is_some()
            && self.first_sent_ms.is_some()
            && (self.not_ready.is_some() || !self.fault.is_absence())
    }

    fn to_json(&self) -> Value {
        json!({
            "fault": format!("{:?}", self.fault),
            "clean": self.is_clean(),
            "away_ms": self.away_ms,
            "sent_during": self.sent_during,
            "not_ready": self.not_ready,
            "sessions_lost": self.sessions_lost,
            "back_to_ready_ms": self.ready_ms,
            "back_to_first_sent_ms": self.first_sent_ms,
        })
    }
}

/// What all faults did.
#[derive(Clone, Debug)]
pub struct FaultsReport {
    /// The seed.
    pub seed: u64,
    /// Each fault, in order.
    pub outcomes: Vec<FaultOutcome>,
    /// Sums over all devices at the end.
    pub totals: Totals,
    /// Whether everything settled.
    pub is_settled: bool,
    /// Whether the node ended as told.
    pub has_stopped_well: bool,
    /// What the node counted.
    pub node: NodeFigures,
    /// ERROR lines of the node.
    pub error_lines: Vec<String>,
    /// What is wrong with the chats.
    pub findings: Findings,
    /// What is wrong with the rows.
    pub fsck: Fsck,
}

impl FaultsReport {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.is_settled
            && self.has_stopped_well
            && self.error_lines.is_empty()
            && self.findings.is_clean()
            && self.fsck.is_clean()
            && self.outcomes.iter().all(FaultOutcome::is_clean)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "seed": self.seed,
            "clean": self.is_clean(),
            "faults": self.outcomes.iter().map(FaultOutcome::to_json).collect::<Vec<_>>(),
            "messages": {
                "accepted": self.totals.accepted,
                "sent": self.totals.sent,
                "delivered": self.totals.kept,
                "answered_again": self.totals.answered_again,
            },
            "node": self.node.to_json(),
            "settled": self.is_settled,
            "stopped_well": self.has_stopped_well,
            "error_lines": self.error_lines,
            "findings": self.findings.to_json(),
            "fsck": self.fsck.to_json(),
        })
    }
}
