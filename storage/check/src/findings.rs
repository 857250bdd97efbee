//! What was found so far: all of it counted, the first of each kind kept.

use std::collections::BTreeMap;

use crate::{Finding, FindingKind};

/// Findings of a check under way.
#[derive(Debug)]
pub(crate) struct Findings {
    per_kind_max: usize,
    kept: Vec<Finding>,
    counts: BTreeMap<FindingKind, u64>,
}

impl Findings {
    /// None yet; the first `per_kind_max` of each kind will be kept.
    pub fn new(per_kind_max: usize) -> Self {
        Self {
            per_kind_max,
            kept: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Notes a finding at `key`; `expected` says what should be there.
    pub fn add(
        &mut self,
        kind: FindingKind,
        key: impl AsRef<[u8]>,
        expected: impl FnOnce() -> String,
    ) {
        let count = self.counts.entry(kind).or_insert(0);
        *count += 1;
        if *count <= self.per_kind_max as u64 {
            self.kept.push(Finding {
                kind,
                key: key.as_ref().to_vec(),
                expected: expected(),
            });
        }
    }

    /// The findings kept, as they were met, and how many there were of each kind.
    pub fn into_parts(self) -> (Vec<Finding>, BTreeMap<FindingKind, u64>) {
        (self.kept, self.counts)
    }
}
