//! The rows that an engine keeps beside the key space, and what they say of its lanes.
//!
//! Invariant: no row names an incarnation later than the last that its node was given, or a later life would use it again.

use std::collections::BTreeMap;

use ringpost_storage_core::key::{self, Family};
use ringpost_storage_core::row::{Fence, LaneRecord, LaneTerm, Row};
use ringpost_storage_core::store::Key;

use crate::findings::Findings;
use crate::{FindingKind, OwnRow, RowSource, SourceError, StoredRow};

/// The last incarnation of each node. `None` for an engine that keeps none beside the key space.
#[derive(Debug, Default)]
pub(crate) struct Given(Option<BTreeMap<u32, u64>>);

/// Checks an engine's own rows; tells how many there are.
pub(crate) fn check_own(
    source: &mut dyn RowSource,
    findings: &mut Findings,
) -> Result<(Given, u64), SourceError> {
    let (mut given, mut rows) = (BTreeMap::new(), 0);
    let keeps_any = source.own_rows(&mut |row| {
        rows += 1;
        match row {
            OwnRow::Incarnation { node, last } => drop(given.insert(node, last)),
            OwnRow::Sound => {}
            OwnRow::Broken { key, expected } => {
                findings.add(FindingKind::OwnRow, key, || expected);
            }
        }
    })?;
    Ok((Given(keeps_any.then_some(given)), rows))
}

impl Given {
    /// Checks the incarnation that a row of a lane, or a fence, names.
    pub(crate) fn check(
        &self,
        family: Family,
        key: &Key,
        row: &StoredRow,
        findings: &mut Findings,
    ) {
        let (Some(given), Some((node, incarnation))) = (&self.0, named(family, key, row)) else {
            return;
        };
        let last = given.get(&node).copied().unwrap_or(0);
        if incarnation > last {
            findings.add(FindingKind::IncarnationUngiven, key.as_slice(), || {
                format!("incarnation {last} of node {node} at most, and it is {incarnation}")
            });
        }
    }
}

/// The node and incarnation that a row names; `None` for a row that cannot be read, which is found elsewhere.
fn named(family: Family, key: &Key, row: &StoredRow) -> Option<(u32, u64)> {
    match family {
        Family::Fence => {
            let fence = Fence::decode(&row.value).ok()?;
            Some((fence.node, fence.incarnation))
        }
        Family::LaneRecord => {
            let record = LaneRecord::decode(&row.value).ok()?;
            Some((key::lane_record::decode(key)?.node, record.incarnation))
        }
        Family::LaneTerm => {
            let term = LaneTerm::decode(&row.value).ok()?;
            Some((key::lane_term::decode(key)?.node, term.incarnation))
        }
        _ => None,
    }
}
