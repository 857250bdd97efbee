//! The embedded engine as the node's store: its options out of the settings, its state, its numbers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ringpost_storage_embedded::{
    EmbeddedStore, Histogram, Metrics, Options, Pinning, RunningStore as Running, State,
};
use ringpost_storage_queue::LaneHandle;
use ringpost_wire::ShardId;

use super::engine::{Number, RunningStore, Store, StoreNumbers, Wake, rules, write_numbers};
use super::error::StoreError;
use super::health::StoreState;
use crate::configuration::Settings;
use crate::http::{Page, StageCounts};

/// Folder of the store in the data directory.
const DIRECTORY: &str = "store";

/// Opens the store in the data directory.
///
/// # Errors
/// The directory is in use, damaged, or of another version.
pub fn open(settings: &Settings) -> Result<Box<dyn Store>, StoreError> {
    let options = Options {
        device_unseen_days: settings.store.device_unseen_days,
        overlay_bytes_max: settings.store.overlay_mib << 20,
        flush_age_ms: settings.store.flush_age_ms,
        ..Options::new(settings.data_dir.join(DIRECTORY), rules(settings))
    };
    let store = EmbeddedStore::open(options).map_err(|error| StoreError::Open(error.into()))?;
    Ok(Box::new(store))
}

impl Store for EmbeddedStore {
    /// Its committer is the only writer: whose shards a lane carries makes no difference.
    fn lane(&mut self, _homes: BTreeSet<ShardId>, wake: Wake) -> LaneHandle {
        self.lane(wake)
    }

    fn numbers(&self) -> Arc<dyn StoreNumbers> {
        self.metrics()
    }

    fn start(self: Box<Self>) -> Result<Box<dyn RunningStore>, StoreError> {
        let started = (*self).start(Pinning::default());
        let running = started.map_err(|error| StoreError::Threads(error.into()))?;
        Ok(Box::new(running))
    }
}

impl RunningStore for Running {
    fn state(&self) -> StoreState {
        match self.state() {
            State::Running => StoreState::Ready,
            State::Failed(reason) => StoreState::Failed(reason),
        }
    }

    fn patience(&self) -> Option<Duration> {
        None
    }

    fn stop(self: Box<Self>) -> Result<(), StoreError> {
        let stopped = (*self).stop(true);
        stopped.map_err(|fatal| StoreError::Failed(fatal.to_string()))
    }
}

impl StoreNumbers for Metrics {
    fn stages(&self) -> Vec<StageCounts> {
        let counts = self.syncs.counts().into_iter().enumerate();
        let middles = counts
            .filter(|(_, count)| *count > 0)
            .map(|(bucket, count)| {
                let end_ns = Histogram::bucket_end_ns(bucket);
                (end_ns - end_ns / 4, count)
            });
        vec![("sync", middles.collect())]
    }

    fn write(&self, page: &mut Page) {
        write_numbers(page, self, &NUMBERS);
        let seconds = |bucket: usize| {
            (bucket + 1 < Histogram::BUCKETS).then(|| Histogram::bucket_end_ns(bucket) as f64 / 1e9)
        };
        let help = "Duration of a sync of the commit log.";
        page.histogram(
            "ringpost_store_sync_seconds",
            help,
            &self.syncs.counts(),
            self.syncs.sum_ns() as f64 / 1e9,
            seconds,
        );
    }
}

const NUMBERS: [Number<Metrics>; 14] = [
    (
        "ringpost_store_commits_total",
        "counter",
        "Commit records written.",
        |store| &store.commits,
    ),
    (
        "ringpost_store_committed_bytes_total",
        "counter",
        "Bytes of commit records.",
        |store| &store.committed_bytes,
    ),
    (
        "ringpost_store_commands_total",
        "counter",
        "Commands run.",
        |store| &store.commands,
    ),
    (
        "ringpost_store_overlay_waits_total",
        "counter",
        "Times that commits waited for the overlay.",
        |store| &store.overlay_waits,
    ),
    (
        "ringpost_store_overlay_bytes",
        "gauge",
        "Memory of what is not yet in the tables.",
        |store| &store.overlay_bytes,
    ),
    (
        "ringpost_store_overlay_entries",
        "gauge",
        "Entries that are not yet in the tables.",
        |store| &store.overlay_entries,
    ),
    (
        "ringpost_store_flush_backlog_bytes",
        "gauge",
        "Commit records not yet in the tables.",
        |store| &store.flush_backlog_bytes,
    ),
    (
        "ringpost_store_flushed_entries_total",
        "counter",
        "Rows written to or removed from the tables.",
        |store| &store.flushed_entries,
    ),
    (
        "ringpost_store_flushed_bytes_total",
        "counter",
        "Memory of what was flushed.",
        |store| &store.flushed_bytes,
    ),
    (
        "ringpost_store_flushes_total",
        "counter",
        "Flushes finished.",
        |store| &store.flushes,
    ),
    (
        "ringpost_store_cancelled_entries_total",
        "counter",
        "Entries gone before they were flushed.",
        |store| &store.cancelled_entries,
    ),
    (
        "ringpost_store_log_segments",
        "gauge",
        "Segments of the commit log.",
        |store| &store.log_segments,
    ),
    (
        "ringpost_store_swept_messages_total",
        "counter",
        "Messages removed when their time was over.",
        |store| &store.swept_messages,
    ),
    (
        "ringpost_store_unlinked_devices_total",
        "counter",
        "Devices unlinked because they did not sign in for too long.",
        |store| &store.unlinked_devices,
    ),
];
