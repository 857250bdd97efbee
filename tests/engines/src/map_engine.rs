//! The plainest engine: a map, every batch applied at once. What the others are compared with.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_storage_core::store::{Key, KeyRange, NotFetched, Row, Rows, Snapshot, Write};
use ringpost_storage_core::{Command, Outcome, Rules, execute};

use crate::Engine;

/// The engine. It forgets nothing at a restart.
#[derive(Debug)]
pub struct MapEngine {
    rows: Map,
    rules: Rules,
}

/// Rows in memory, for the rules to run on.
#[derive(Clone, Debug, Default)]
pub struct Map(pub BTreeMap<Key, Bytes>);

impl MapEngine {
    /// An empty store.
    pub fn new(rules: Rules) -> Self {
        Self {
            rows: Map::default(),
            rules,
        }
    }

    /// All rows.
    pub fn rows(&self) -> &BTreeMap<Key, Bytes> {
        &self.rows.0
    }
}

impl Snapshot for Map {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, NotFetched> {
        Ok(self.0.get(key).cloned())
    }

    fn range(&self, range: &KeyRange, rows_max: u32, bytes_max: u32) -> Result<Rows, NotFetched> {
        let mut rows = Rows::default();
        let mut bytes = 0;
        for (key, value) in self.0.range(range.begin..range.end) {
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

impl Map {
    /// Applies one of a batch's writes.
    pub fn write(&mut self, write: Write) {
        match write {
            Write::Insert(row) | Write::Set(row) => {
                self.0.insert(row.key, row.value);
            }
            Write::Clear(key) => {
                self.0.remove(&key);
            }
            Write::ClearRange(range) => self.0.retain(|key, _| !range.contains(key)),
        }
    }
}

impl Engine for MapEngine {
    fn run(&mut self, commands: Vec<Command>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        while outcomes.len() < commands.len() {
            let executed = execute(&commands[outcomes.len()..], &self.rows, &self.rules)
                .expect("a map holds everything");
            let writes = executed.writes.into_iter();
            writes.for_each(|write| self.rows.write(write));
            outcomes.extend(executed.outcomes);
        }
        outcomes
    }

    fn restart(&mut self) {}
}
