//! A store in a FoundationDB cluster. Pages after one another are of different versions: all nodes must be stopped.

use std::path::Path;

use bytes::Bytes;
use ringpost_storage_check::{OwnRow, Page, RowSource, SourceError, StoredRow};
use ringpost_storage_core::key::Family;
use ringpost_storage_core::{Retention, Rules};
use ringpost_storage_foundationdb::{Access, AccessError, FORMAT, Options, OwnRow as EngineRow};
use sha2::{Digest as _, Sha256};

use super::sink::writes;
use super::{RowSink, StoreError};
use crate::transfer::hex;

/// A store in a cluster.
#[derive(Debug)]
pub struct ClusterRows {
    access: Access,
    name: String,
}

impl ClusterRows {
    /// Opens the store whose keys begin with `prefix`. The cluster is not asked yet.
    pub fn open(cluster_file: &Path, prefix: &str) -> Result<Self, StoreError> {
        // No lane is made, so nothing asks for the node or the rules.
        let rules = Rules {
            retention: Retention::UntilDelivered,
        };
        let options = Options {
            cluster_file: Some(cluster_file.to_owned()),
            prefix: prefix.as_bytes().to_vec(),
            ..Options::new(0, rules)
        };
        Ok(Self {
            access: Access::open(&options)?,
            name: format!("foundationdb {prefix}"),
        })
    }
}

impl RowSource for ClusterRows {
    /// The page is also bounded by what the client reads at a time.
    fn page(
        &mut self,
        begin: &[u8],
        end: &[u8],
        rows_max: usize,
        _bytes_max: usize,
    ) -> Result<Page, SourceError> {
        let found = self.access.scan(begin, end, rows_max).map_err(failed)?;
        let rows = found.rows.into_iter();
        Ok(Page {
            rows: rows.map(|(key, value)| StoredRow { key, value }).collect(),
            more: found.more,
        })
    }

    fn own_rows(&mut self, tell: &mut dyn FnMut(OwnRow)) -> Result<bool, SourceError> {
        let mut has_format = false;
        let told = self.access.rows_beside(|key, value| {
            let found = EngineRow::of(key, value);
            has_format |= matches!(found, EngineRow::Format { .. });
            tell(understood(found, key));
        });
        told.map_err(failed)?;
        let is_store = has_format || self.page(&[], &[0xff], 1, 1)?.rows.is_empty();
        if !is_store {
            tell(broken(
                Vec::new(),
                "the row of the layout's version".to_owned(),
            ));
        }
        Ok(true)
    }

    /// Every commit of a node writes its lane's record.
    fn state(&mut self) -> Result<String, SourceError> {
        let mut hasher = Sha256::new();
        let mut begin = vec![Family::Fence as u8];
        loop {
            let end = [Family::LaneTerm as u8 + 1];
            let page = self.page(&begin, &end, usize::MAX, usize::MAX)?;
            for row in &page.rows {
                hasher.update((row.key.len() as u32).to_be_bytes());
                hasher.update((row.value.len() as u32).to_be_bytes());
                hasher.update(&row.key);
                hasher.update(&row.value);
            }
            match page.rows.last() {
                Some(last) if page.more => begin = [&last.key[..], &[0]].concat(),
                _ => return Ok(format!("{} {}", self.name, hex(&hasher.finalize()))),
            }
        }
    }
}

impl RowSink for ClusterRows {
    fn apply(&mut self, sets: Vec<StoredRow>, clears: &[Bytes]) -> Result<(), SourceError> {
        let writes = writes(sets, clears)?;
        self.access.commit(&writes).map_err(failed)
    }
}

/// An engine's row for the check.
fn understood(row: EngineRow, key: &[u8]) -> OwnRow {
    let expected = match row {
        EngineRow::Incarnation {
            node,
            last: Some(last),
        } => return OwnRow::Incarnation { node, last },
        EngineRow::Format {
            version: Some(FORMAT),
        } => return OwnRow::Sound,
        EngineRow::Format { version } => format!("layout version {FORMAT}, and it is {version:?}"),
        EngineRow::Incarnation { node, .. } => format!("the last incarnation of node {node}"),
        EngineRow::Unknown => "a row of the engine, or a key of a family".to_owned(),
    };
    broken(key.to_vec(), expected)
}

fn broken(key: Vec<u8>, expected: String) -> OwnRow {
    OwnRow::Broken { key, expected }
}

fn failed(error: AccessError) -> SourceError {
    SourceError(error.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::{SystemTime, UNIX_EPOCH};

    use ringpost_engine_tests::named_cluster_or_skipped;
    use ringpost_storage_core::Outcome;
    use ringpost_storage_foundationdb::FoundationStore;

    use super::*;

    /// A node's store with one lane runs one command, and ends.
    fn run_node(options: Options) {
        let device = ringpost_engine_tests::people::device("ann", 1);
        let mut store = FoundationStore::open(options).unwrap();
        let mut lane = store.lane(BTreeSet::from([device.user.shard()]), || {});
        let _running = store.start().unwrap();
        loop {
            let register = ringpost_engine_tests::people::register(device);
            lane.submit(vec![register]).unwrap();
            let outcomes = loop {
                match lane.poll() {
                    Some(outcomes) => break outcomes,
                    None => std::thread::yield_now(),
                }
            };
            if matches!(outcomes[..], [Outcome::Registered(_)]) {
                return;
            }
        }
    }

    #[test]
    fn the_state_is_another_one_after_a_node_has_run() {
        let Some(file) = named_cluster_or_skipped() else {
            return;
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let prefix = format!("test/state/{:x}/", since.as_nanos());
        let mut rows = ClusterRows::open(&file, &prefix).unwrap();
        let rules = Rules {
            retention: Retention::UntilDelivered,
        };
        let options = Options {
            cluster_file: Some(file),
            prefix: prefix.into_bytes(),
            ..Options::new(1, rules)
        };
        let mut states = vec![rows.state().unwrap()];
        assert_eq!(rows.state().unwrap(), states[0]);
        for _ in 0..2 {
            run_node(options.clone());
            states.push(rows.state().unwrap());
        }
        rows.access.clear_all().unwrap();
        states.sort();
        states.dedup();
        assert_eq!(states.len(), 3, "{states:?}");
    }
}
