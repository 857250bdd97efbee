//! What the rounds brought: figures of each of the node's lives, and what is wrong.

use serde_json::{Value, json};

use super::plan::Ending;
use crate::Fsck;
use crate::check::Findings;
use crate::load::Totals;

/// One life of the node: from its start to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Time from its start until it takes messages, in milliseconds.
    pub ready_ms: u64,
    /// Time from its start until the first message is answered `Sent`, in milliseconds; `None` if none was.
    pub first_sent_ms: Option<u64>,
    /// Messages answered `Sent` in it.
    pub sent: u64,
    /// Bytes that the cut after it took away.
    pub cut_bytes: u64,
}

/// What the rounds brought.
#[derive(Clone, Debug)]
pub struct RoundsReport {
    /// How each round ended.
    pub ending: Ending,
    /// Whether all clients connected with TLS.
    pub with_tls: bool,
    /// The seed.
    pub seed: u64,
    /// The node's lives; the last one is that in which everything settled.
    pub lives: Vec<Life>,
    /// Sums over all devices at the end.
    pub totals: Totals,
    /// Whether everything settled.
    pub is_settled: bool,
    /// The end of the log of a node that did not start again.
    pub not_started: Option<String>,
    /// ERROR lines of all lives.
    pub error_lines: Vec<String>,
    /// What is wrong with the chats.
    pub findings: Findings,
    /// What is wrong with the rows; `None` for a node that did not start again.
    pub fsck: Option<Fsck>,
}

impl RoundsReport {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.is_settled
            && self.not_started.is_none()
            && self.error_lines.is_empty()
            && self.findings.is_clean()
            && self.fsck.as_ref().is_some_and(Fsck::is_clean)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let restarts = self.lives.get(1..).unwrap_or_default();
        let ready = restarts.iter().map(|life| life.ready_ms);
        let first_sent = restarts.iter().filter_map(|life| life.first_sent_ms);
        json!({
            "ending": format!("{:?}", self.ending),
            "tls": self.with_tls,
            "seed": self.seed,
            "clean": self.is_clean(),
            "rounds": restarts.len(),
            "messages": {
                "accepted": self.totals.accepted,
                "sent": self.totals.sent,
                "delivered": self.totals.kept,
                "answered_again": self.totals.answered_again,
            },
            "sent_per_life": self.lives.iter().map(|life| life.sent).collect::<Vec<_>>(),
            "client_crashes": self.totals.crashes,
            "cut_bytes": self.lives.iter().map(|life| life.cut_bytes).sum::<u64>(),
            "restart_to_ready_ms": spread(ready),
            "restart_to_first_sent_ms": spread(first_sent),
            "settled": self.is_settled,
            "not_started": self.not_started,
            "error_lines": self.error_lines,
            "findings": self.findings.to_json(),
            "fsck": self.fsck.as_ref().map(Fsck::to_json),
        })
    }
}

/// Least, middle and greatest.
fn spread(values: impl Iterator<Item = u64>) -> Value {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    json!({
        "min": values.first(),
        "median": values.get(values.len() / 2),
        "max": values.last(),
    })
}
