//! What a node needs of its store, and the choice of the engine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ringpost_storage_core::{Retention, Rules};
use ringpost_storage_queue::LaneHandle;
use ringpost_wire::ShardId;

use super::error::StoreError;
use super::health::StoreState;
use crate::configuration::{Engine, Settings};
use crate::http::{Page, StageCounts};

/// Wakes a core when outcomes wait for it. Called on the store's thread: it does not block.
pub type Wake = Box<dyn Fn() + Send>;

/// A store that was opened and runs nothing yet.
pub trait Store {
    /// Makes a lane for a core that is home of `homes`.
    fn lane(&mut self, homes: BTreeSet<ShardId>, wake: Wake) -> LaneHandle;

    /// What it counts.
    fn numbers(&self) -> Arc<dyn StoreNumbers>;

    /// Starts its threads: the lanes' batches are taken from now on.
    ///
    /// # Errors
    /// A thread cannot be had.
    fn start(self: Box<Self>) -> Result<Box<dyn RunningStore>, StoreError>;
}

/// A store with its threads.
pub trait RunningStore {
    /// Whether it can take messages.
    fn state(&self) -> StoreState;

    /// How long it may owe an answer before it counts as unavailable; `None` for a store that cannot be away.
    fn patience(&self) -> Option<Duration>;

    /// Makes durable what can be, and ends the threads.
    ///
    /// # Errors
    /// It had failed, or does now.
    fn stop(self: Box<Self>) -> Result<(), StoreError>;
}

/// What a store counts, read by HTTP at any time.
pub trait StoreNumbers: Send + Sync {
    /// Writes its families.
    fn write(&self, page: &mut Page);

    /// Durations of its stages, for the log of histograms.
    fn stages(&self) -> Vec<StageCounts> {
        Vec::new()
    }
}

/// A number of a store that counts in `M`: name, kind, help, and where it is.
pub(super) type Number<M> = (
    &'static str,
    &'static str,
    &'static str,
    fn(&M) -> &AtomicU64,
);

/// Writes a family for each number.
pub(super) fn write_numbers<M>(page: &mut Page, store: &M, numbers: &[Number<M>]) {
    for (name, kind, help, number) in numbers {
        let value = number(store).load(Ordering::Relaxed);
        page.single(name, kind, help, value as f64);
    }
}

/// Opens the store that the settings name.
///
/// # Errors
/// It cannot be opened; the text is for the operator.
pub fn open(settings: &Settings) -> Result<Box<dyn Store>, StoreError> {
    match settings.store.engine {
        Engine::Embedded => super::embedded::open(settings),
        Engine::FoundationDb => super::foundationdb::open(settings),
    }
}

/// Ends what engines keep running in the process when their stores are closed: the last thing that the program does.
pub fn end() {
    super::foundationdb::end();
}

/// The rules that both engines keep.
pub(super) fn rules(settings: &Settings) -> Rules {
    let retention = match settings.store.retention_days {
        0 => Retention::UntilDelivered,
        days => Retention::Days(days),
    };
    Rules { retention }
}
