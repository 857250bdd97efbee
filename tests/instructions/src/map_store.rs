//! The plainest store: a map, every batch applied at once. Its rules are those of every engine.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_storage_core::store::{Key, KeyRange, NotFetched, Row, Rows, Snapshot, Write};
use ringpost_storage_core::{Command, Executed, Outcome, Retention, Rules, execute};

const RULES: Rules = Rules {
    retention: Retention::UntilDelivered,
};

/// The store.
#[derive(Debug, Default)]
pub(crate) struct MapStore {
    rows: BTreeMap<Key, Bytes>,
}

impl MapStore {
    /// Decides a batch and writes nothing.
    pub(crate) fn execute(&self, commands: &[Command]) -> Executed {
        execute(commands, self, &RULES).expect("a map holds everything, and only whole rows")
    }

    /// Writes what a batch came to.
    pub(crate) fn apply(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Insert(row) | Write::Set(row) => {
                    self.rows.insert(row.key, row.value);
                }
                Write::Clear(key) => {
                    self.rows.remove(&key);
                }
                Write::ClearRange(range) => self.clear(&range),
            }
        }
    }

    fn clear(&mut self, range: &KeyRange) {
        let cleared = self.rows.range(range.begin..range.end);
        let keys: Vec<Key> = cleared.map(|(key, _)| *key).collect();
        for key in keys {
            self.rows.remove(&key);
        }
    }

    /// Runs commands to the last, in as many batches as they need.
    pub(crate) fn run(&mut self, commands: &[Command]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(commands.len());
        while outcomes.len() < commands.len() {
            let executed = self.execute(&commands[outcomes.len()..]);
            self.apply(executed.writes);
            outcomes.extend(executed.outcomes);
        }
        outcomes
    }
}

impl Snapshot for MapStore {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        Ok(self.rows.get(key).cloned())
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let mut rows = Rows::default();
        let mut bytes = 0;
        for (key, value) in self.rows.range(range.begin..range.end) {
            bytes += value.len();
            let is_full = rows.rows.len() >= rows_max as usize || bytes > bytes_max as usize;
            if is_full && !rows.rows.is_empty() {
                rows.more = true;
                break;
            }
            let value = value.clone();
            rows.rows.push(Row { key: *key, value });
        }
        Ok(rows)
    }
}
