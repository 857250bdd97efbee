//! What a check came to.

use std::collections::BTreeMap;

use crate::{Finding, FindingKind};

/// What a check came to. A store without findings keeps every invariant that the check knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows read of each family, by its name; those of no family are `unknown`, the engine's `own`.
    pub rows: BTreeMap<&'static str, u64>,
    /// Chats, those without a head too.
    pub chats: u64,
    /// Users, those without a row too.
    pub users: u64,
    /// The first findings of each kind, as they were met.
    pub findings: Vec<Finding>,
    /// How many findings of each kind there are.
    pub counts: BTreeMap<FindingKind, u64>,
    /// Bytes of temporary files that it took.
    pub spilled_bytes: u64,
    /// A node wrote to the store during the check: findings may come from that alone.
    pub is_moved: bool,
}

impl Report {
    /// All findings.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }
}
