//! The FoundationDB engine on a real cluster, under a prefix of its own: one lane, home of every shard.
//!
//! The cluster is the one that `FDB_CLUSTER_FILE` names; without it there is no engine.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ringpost_storage_core::{Command, Outcome, Rules};
use ringpost_storage_foundationdb::{
    Access, ClientOptions, FoundationStore, LaneHandle, Metrics, Options, RunningStore,
};
use ringpost_wire::{SHARD_COUNT, ShardId};

use crate::unavailable::run_before_unavailable;
use crate::{Engine, named_cluster_or_skipped};

/// Longest wait for the outcomes of a batch.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);
/// Refusals in a row after which the cluster counts as gone for good.
const REFUSALS_MAX: u32 = 5_000;

/// Options for a node on the tests' cluster, under a prefix that no other test has.
pub fn options(cluster_file: PathBuf, rules: Rules, client: ClientOptions) -> Options {
    static TESTS: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_ns = since.map_or(0, |time| time.as_nanos());
    let test = TESTS.fetch_add(1, Ordering::Relaxed);
    Options {
        cluster_file: Some(cluster_file),
        prefix: format!("test/{now_ns:x}/{}/{test}/", process::id()).into_bytes(),
        client,
        ..Options::new(1, rules)
    }
}

/// Every shard.
pub fn all_shards() -> BTreeSet<ShardId> {
    (0..SHARD_COUNT as u16).map(ShardId).collect()
}

/// A running store with one lane, and the bell that the lane's wake function rings.
#[derive(Debug)]
pub struct FoundationLane {
    running: RunningStore,
    handle: LaneHandle,
    woken: Receiver<()>,
}

impl FoundationLane {
    /// A store that is home of `homes`.
    pub fn start(options: Options, homes: BTreeSet<ShardId>) -> Self {
        let mut store = FoundationStore::open(options).expect("the options are good");
        let (wake, woken) = channel();
        let handle = store.lane(homes, move || {
            // The test may be over.
            let _ = wake.send(());
        });
        Self {
            running: store.start().expect("a thread can be made"),
            handle,
            woken,
        }
    }

    /// The store.
    pub fn running(&self) -> &RunningStore {
        &self.running
    }

    /// What the store counts.
    pub fn metrics(&self) -> std::sync::Arc<Metrics> {
        self.running.metrics()
    }

    /// Runs a batch: one outcome a command, refusals among them.
    pub fn try_run(&mut self, commands: Vec<Command>) -> Vec<Outcome> {
        let submitted = self.handle.submit(commands);
        assert!(submitted.is_ok(), "the store takes a batch at a time");
        loop {
            if let Some(outcomes) = self.handle.poll() {
                return outcomes;
            }
            let rung = self.woken.recv_timeout(ANSWER_TIME_MAX);
            let state = self.running.state();
            assert!(rung.is_ok(), "no answer from a store that is {state:?}");
        }
    }

    /// Runs commands until none is refused as unavailable.
    pub fn run(&mut self, commands: &[Command]) -> Vec<Outcome> {
        let (mut outcomes, mut refusals) = (Vec::with_capacity(commands.len()), 0);
        while outcomes.len() < commands.len() {
            let mut more = self.try_run(commands[outcomes.len()..].to_vec());
            more.truncate(run_before_unavailable(&more));
            refusals = if more.is_empty() { refusals + 1 } else { 0 };
            assert!(refusals < REFUSALS_MAX, "{:?}", self.running.state());
            if more.is_empty() {
                // Nobody rings: this is a pause before the next attempt.
                let _ = self.woken.recv_timeout(Duration::from_millis(10));
            }
            outcomes.append(&mut more);
        }
        outcomes
    }
}

/// The engine and its rows, which go with it.
#[derive(Debug)]
pub struct FoundationEngine {
    options: Options,
    lane: Option<FoundationLane>,
}

impl FoundationEngine {
    /// An empty store on the tests' cluster; `None`, said loudly, where there is none.
    pub fn new(rules: Rules) -> Option<Self> {
        Self::with_client(rules, ClientOptions::default())
    }

    /// As `new`, with a client library of its own manner.
    pub fn with_client(rules: Rules, client: ClientOptions) -> Option<Self> {
        let mut engine = Self {
            options: options(named_cluster_or_skipped()?, rules, client),
            lane: None,
        };
        engine.restart();
        Some(engine)
    }

    /// The lane.
    pub fn lane(&mut self) -> &mut FoundationLane {
        self.lane.as_mut().expect("it runs between restarts")
    }

    /// Direct access to the rows.
    pub fn access(&self) -> Access {
        Access::open(&self.options).expect("the options are good")
    }
}

impl Engine for FoundationEngine {
    fn run(&mut self, commands: Vec<Command>) -> Vec<Outcome> {
        self.lane().run(&commands)
    }

    fn restart(&mut self) {
        // One life of a node at a time.
        self.lane = None;
        self.lane = Some(FoundationLane::start(self.options.clone(), all_shards()));
    }
}

impl Drop for FoundationEngine {
    fn drop(&mut self) {
        self.lane = None;
        if let Err(error) = self.access().clear_all() {
            eprintln!("the rows of a test stay in the cluster: {error}");
        }
    }
}
