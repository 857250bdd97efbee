//! The embedded engine on a folder of its own, without threads.

use ringpost_storage_core::{Command, Outcome, Rules};
use ringpost_storage_embedded::{EmbeddedStore, Options};
use tempfile::TempDir;

use crate::Engine;

/// The engine and its folder, which goes with it.
#[derive(Debug)]
pub struct EmbeddedEngine {
    store: Option<EmbeddedStore>,
    rules: Rules,
    flushes: bool,
    folder: TempDir,
}

impl EmbeddedEngine {
    /// An empty store that answers from its log and memory.
    pub fn in_log(rules: Rules) -> Self {
        Self::new(rules, false)
    }

    /// An empty store that flushes each batch to its tables.
    pub fn in_tables(rules: Rules) -> Self {
        Self::new(rules, true)
    }

    fn new(rules: Rules, flushes: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files is there");
        let mut engine = Self {
            store: None,
            rules,
            flushes,
            folder,
        };
        engine.restart();
        engine
    }

    fn store(&mut self) -> &mut EmbeddedStore {
        self.store.as_mut().expect("it is open between restarts")
    }
}

impl Engine for EmbeddedEngine {
    fn run(&mut self, commands: Vec<Command>) -> Vec<Outcome> {
        let outcomes = self.store().run(commands).expect("the store works");
        if self.flushes {
            self.store().flush().expect("the store works");
        }
        outcomes
    }

    fn restart(&mut self) {
        // The lock of the folder goes with the old one.
        self.store = None;
        let options = Options {
            flush_age_ms: 1_000_000,
            ..Options::new(self.folder.path().join("store"), self.rules)
        };
        let store = EmbeddedStore::open(options).expect("the folder is a good store");
        self.store = Some(store);
    }
}
