//! What the engine counts: written by its threads, read by anyone at any time. Counters only rise; gauges are named so.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;

use ringpost_storage_queue::Histogram;

/// Counters and gauges of one store.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Commit records written.
    pub commits: AtomicU64,
    /// Bytes of commit records.
    pub committed_bytes: AtomicU64,
    /// Commands run.
    pub commands: AtomicU64,
    /// Time of every sync of the log.
    pub syncs: Histogram,
    /// Times that commits waited because the overlay was full.
    pub overlay_waits: AtomicU64,
    /// Gauge: bytes of memory of the overlay, that is, of all that is not yet in the tables.
    pub overlay_bytes: AtomicU64,
    /// Gauge: entries of the overlay.
    pub overlay_entries: AtomicU64,
    /// Gauge: bytes of commit records whose writes are not all in the tables.
    pub flush_backlog_bytes: AtomicU64,
    /// Rows written to or removed from the tables.
    pub flushed_entries: AtomicU64,
    /// Bytes of memory of what was flushed.
    pub flushed_bytes: AtomicU64,
    /// Flushes that were finished: everything up to a record is in the tables.
    pub flushes: AtomicU64,
    /// Entries that left the overlay without ever reaching the tables.
    pub cancelled_entries: AtomicU64,
    /// Gauge: segments of the log.
    pub log_segments: AtomicU64,
    /// Chats that the sweep for retention looked at.
    pub swept_chats: AtomicU64,
    /// Messages that the sweep removed.
    pub swept_messages: AtomicU64,
    /// Device rows that the sweep for unseen devices looked at.
    pub swept_devices: AtomicU64,
    /// Devices that it unlinked, now out of all chats.
    pub unlinked_devices: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl Metrics {
    /// Why the store stopped, if it did.
    pub fn last_error(&self) -> Option<String> {
        self.last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_last_error(&self, error: String) {
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}
