//! What a run of two nodes brought.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::check::Findings;
use crate::load::Totals;
use crate::{Fsck, NodeError, NodeProcess};

/// What one node counted.
#[derive(Clone, Debug)]
pub struct NodeFigures {
    /// Messages that it stored.
    pub stored: f64,
    /// Sends and requests refused because its lane did not hold the shard, or could not reach the store.
    pub unavailable: f64,
    /// Every number of its store without labels.
    pub store: BTreeMap<String, f64>,
}

impl NodeFigures {
    /// Asks a node.
    ///
    /// # Errors
    /// It does not answer.
    pub fn of(node: &NodeProcess) -> Result<Self, NodeError> {
        let refused = "ringpost_messages_refused_total{reason=\"Unavailable\"}";
        Ok(Self {
            stored: node
                .metric("ringpost_messages_stored_total")?
                .unwrap_or_default(),
            unavailable: node.metric(refused)?.unwrap_or_default(),
            store: node.metrics("ringpost_store_")?,
        })
    }

    /// A number of the store; 0 if it has none of this name.
    pub fn number(&self, name: &str) -> f64 {
        self.store.get(name).copied().unwrap_or_default()
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({"stored": self.stored, "unavailable": self.unavailable, "store": self.store})
    }
}

/// What the run brought.
#[derive(Clone, Debug)]
pub struct TwoNodesReport {
    /// With what the run's keys begin, for a look at the rows afterwards.
    pub prefix: String,
    /// How long the load ran.
    pub duration: Duration,
    /// The seed.
    pub seed: u64,
    /// Messages answered `Sent` while both nodes ran.
    pub sent_under_load: u64,
    /// Sums over all devices at the end.
    pub totals: Totals,
    /// Whether everything settled.
    pub is_settled: bool,
    /// Whether both nodes ended as told.
    pub has_stopped_well: bool,
    /// What each node counted.
    pub nodes: Vec<NodeFigures>,
    /// ERROR lines of both.
    pub error_lines: Vec<String>,
    /// What is wrong with the chats.
    pub findings: Findings,
    /// What is wrong with the rows.
    pub fsck: Fsck,
}

impl TwoNodesReport {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.is_settled
            && self.has_stopped_well
            && self.error_lines.is_empty()
            && self.findings.is_clean()
            && self.fsck.is_clean()
    }

    /// Whether both nodes stored messages and took shards from each other: else nothing was shown.
    pub fn is_contested(&self) -> bool {
        let is_contested = |node: &NodeFigures| {
            node.stored > 0.0 && node.number("ringpost_store_shards_lost_total") > 0.0
        };
        self.nodes.len() == 2 && self.nodes.iter().all(is_contested)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let sum = |name: &str| self.nodes.iter().map(|node| node.number(name)).sum::<f64>();
        json!({
            "prefix": self.prefix,
            "seconds": self.duration.as_secs(),
            "seed": self.seed,
            "clean": self.is_clean(),
            "contested": self.is_contested(),
            "sent_under_load": self.sent_under_load,
            "messages": {
                "accepted": self.totals.accepted,
                "sent": self.totals.sent,
                "delivered": self.totals.kept,
                "answered_again": self.totals.answered_again,
            },
            "client_crashes": self.totals.crashes,
            "conflicts": sum("ringpost_store_conflicts_total"),
            "shards_lost": sum("ringpost_store_shards_lost_total"),
            "nodes": self.nodes.iter().map(NodeFigures::to_json).collect::<Vec<_>>(),
            "settled": self.is_settled,
            "stopped_well": self.has_stopped_well,
            "error_lines": self.error_lines,
            "findings": self.findings.to_json(),
            "fsck": self.fsck.to_json(),
        })
    }
}
