//! What an operator chooses about the engine.

use std::path::PathBuf;

use ringpost_storage_core::limits::DEVICE_UNSEEN_DAYS;

use crate::limits;

/// Options of [`crate::EmbeddedStore::open`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The store's own folder: made if absent, used by one process at a time.
    pub data_dir: PathBuf,
    /// How long messages are kept.
    pub rules: ringpost_storage_core::batch::Rules,
    /// Days after which a device that did not sign in is unlinked, and what only it had not got goes: 1 to 3,650.
    pub device_unseen_days: u32,
    /// Bytes that unflushed writes may hold in memory. Commits wait while there are more.
    pub overlay_bytes_max: usize,
    /// Bytes of a log segment.
    pub segment_bytes: u64,
    /// Age at which a write is flushed, in milliseconds. What is cleared before never reaches the tables.
    pub flush_age_ms: u64,
    /// What makes a commit durable.
    pub sync: SyncMode,
}

impl Options {
    /// The defaults for a folder.
    pub fn new(data_dir: impl Into<PathBuf>, rules: ringpost_storage_core::batch::Rules) -> Self {
        Self {
            data_dir: data_dir.into(),
            rules,
            device_unseen_days: DEVICE_UNSEEN_DAYS,
            overlay_bytes_max: limits::OVERLAY_BYTES_MAX,
            segment_bytes: limits::SEGMENT_BYTES,
            flush_age_ms: limits::FLUSH_AGE_MS,
            sync: SyncMode::Data,
        }
    }
}

/// What makes a commit durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    /// `fdatasync` before anything is answered.
    Data,
    /// Nothing: a power loss takes answered messages away. For measurements only.
    Never,
    /// The sync with this number (from 1) and all later ones fail.
    #[cfg(test)]
    FailSync(u64),
    /// The write with this number (from 1) and all later ones fail half way.
    #[cfg(test)]
    FailWrite(u64),
    /// Every flush fails between the record that ends it and the segments that it frees.
    #[cfg(test)]
    FailAmidFinish,
}

/// Cores to which the engine's threads are pinned; `None` leaves a thread to the scheduler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pinning {
    /// Core of the committer.
    pub committer: Option<usize>,
    /// Core of the flusher.
    pub flusher: Option<usize>,
}
