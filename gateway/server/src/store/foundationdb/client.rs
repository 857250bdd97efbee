//! FoundationDB as the node's store: its options out of the settings, its state, its numbers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ringpost_storage_foundationdb::{
    ClientOptions, FoundationStore, OpenError, Options, RunningStore as Running,
    StoreState as State, end_client,
};
use ringpost_storage_queue::LaneHandle;
use ringpost_wire::ShardId;

use crate::configuration::Settings;
use crate::store::engine::{RunningStore, Store, StoreNumbers, Wake, rules};
use crate::store::{StoreError, StoreState};

/// A commit that takes longer is under way to a cluster that is gone, or recovers: the lane itself waits longer, for its result.
const PATIENCE: Duration = Duration::from_secs(3);

/// Prepares the store of the cluster that the settings name. The cluster need not be there.
///
/// # Errors
/// The cluster file or the client library is of no use.
pub fn open(settings: &Settings) -> Result<Box<dyn Store>, StoreError> {
    match FoundationStore::open(options(settings)) {
        Ok(store) => Ok(Box::new(store)),
        Err(error) => Err(match error {
            OpenError::ClusterFile { .. } | OpenError::ClusterFileContent { .. } => {
                StoreError::NotYet(error.into())
            }
            error => StoreError::Open(error.into()),
        }),
    }
}

/// Ends the client library. To be called when the program ends and no store is open.
pub fn end() {
    end_client();
}

fn options(settings: &Settings) -> Options {
    let store = &settings.store;
    Options {
        cluster_file: chosen(&store.cluster_file),
        prefix: store.prefix.clone().into_bytes(),
        device_unseen_days: store.device_unseen_days,
        client: ClientOptions {
            threads: store.client_threads,
            library: chosen(&store.client_library),
            ..ClientOptions::default()
        },
        ..Options::new(store.node, rules(settings))
    }
}

fn chosen(path: &Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}

impl Store for FoundationStore {
    fn lane(&mut self, homes: BTreeSet<ShardId>, wake: Wake) -> LaneHandle {
        self.lane(homes, wake)
    }

    fn numbers(&self) -> Arc<dyn StoreNumbers> {
        self.metrics()
    }

    fn start(self: Box<Self>) -> Result<Box<dyn RunningStore>, StoreError> {
        let running = (*self)
            .start()
            .map_err(|error| StoreError::Threads(error.into()))?;
        Ok(Box::new(running))
    }
}

impl RunningStore for Running {
    fn state(&self) -> StoreState {
        match self.state() {
            State::Starting => StoreState::Starting,
            State::Ready => StoreState::Ready,
            State::Unavailable { reason } => StoreState::Unavailable(reason),
            State::Failed { reason } => StoreState::Failed(reason),
        }
    }

    fn patience(&self) -> Option<Duration> {
        Some(PATIENCE)
    }

    fn stop(self: Box<Self>) -> Result<(), StoreError> {
        match (*self).stop() {
            State::Failed { reason } => Err(StoreError::Failed(reason)),
            _ => Ok(()),
        }
    }
}
