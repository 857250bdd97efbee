//! How often each thing took place: a scenario asserts that what it exists for did.

use std::collections::BTreeMap;

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    /// Once more.
    pub fn add(&mut self, name: &'static str) {
        self.add_many(name, 1);
    }

    /// So many times more.
    pub fn add_many(&mut self, name: &'static str, times: u64) {
        if times > 0 {
            *self.0.entry(name).or_default() += times;
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        other
            .iter()
            .for_each(|(name, times)| self.add_many(name, times));
    }

    /// How often.
    pub fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// All counts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, times)| (*name, *times))
    }
}
