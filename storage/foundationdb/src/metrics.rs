//! What the engine counts: written by its thread, read by anyone at any time. Counters only rise; gauges are named so.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use ringpost_storage_core::key::Family;
use ringpost_storage_core::lane::{CommitAnswer, CommitRequest, LaneCounters};
use ringpost_storage_core::store::{Key, Write};
use ringpost_storage_queue::Histogram;

/// Counters and gauges of one store.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Commits that took effect: batches, claims and settlings.
    pub commits: AtomicU64,
    /// Commits refused because another transaction had written what they stand on.
    pub conflicts: AtomicU64,
    /// Commits of which the cluster could not say what became.
    pub unknown_results: AtomicU64,
    /// Commits refused because their read version was too old.
    pub too_old: AtomicU64,
    /// Commits refused because the cluster had more to do than it can, or was locked.
    pub throttled: AtomicU64,
    /// Commits refused because they were over FoundationDB's limits.
    pub too_large: AtomicU64,
    /// Read versions and reads that failed or did not come in time.
    pub faults: AtomicU64,
    /// Messages in commits that took effect.
    pub messages: AtomicU64,
    /// Writes in commits that took effect.
    pub mutations: AtomicU64,
    /// Bytes of keys, values and conflict ranges in commits that took effect.
    pub committed_bytes: AtomicU64,
    /// Ranges of read conflicts in commits that took effect.
    pub conflict_ranges: AtomicU64,
    /// Keys and ranges read for lanes.
    pub reads: AtomicU64,
    /// Messages of each commit that took effect.
    pub commit_messages: Histogram,
    /// Writes of each commit that took effect.
    pub commit_mutations: Histogram,
    /// Bytes of each commit that took effect.
    pub commit_bytes: Histogram,
    /// Time of every commit that took effect.
    pub commit_times: Histogram,
    /// Time to every read version.
    pub read_version_times: Histogram,
    /// Time to the rows of every request for some.
    pub read_times: Histogram,
    /// Batches of commands that took effect.
    pub batches: AtomicU64,
    /// Claims of shards that took effect.
    pub claims: AtomicU64,
    /// Shards dropped because another lane had claimed them.
    pub shards_lost: AtomicU64,
    /// Settlings that took effect.
    pub settlings: AtomicU64,
    /// Batches of unknown result that had taken effect.
    pub settled_landed: AtomicU64,
    /// Batches of unknown result that had not, and were decided again.
    pub settled_lost: AtomicU64,
    /// Times that a lane took a new read version and read its fences.
    pub refreshes: AtomicU64,
    /// Reads that a batch turned out to need after its first ones.
    pub refetches: AtomicU64,
    /// Commands refused because their shard was not held or the cluster not there.
    pub refused: AtomicU64,
    /// Gauge: shards that the lanes hold.
    pub held_shards: AtomicU64,
    /// Chats that the sweep for retention looked at.
    pub swept_chats: AtomicU64,
    /// Messages that it removed.
    pub swept_messages: AtomicU64,
    /// Device rows that the sweep for unseen devices looked at.
    pub swept_devices: AtomicU64,
    /// Devices that it unlinked, now out of all chats.
    pub unlinked_devices: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl Metrics {
    /// The last error of the cluster or the client library, if there was one.
    pub fn last_error(&self) -> Option<String> {
        let last = self.last_error.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps `error` as the last one.
    pub fn set_last_error(&self, error: String) {
        let mut last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(error);
    }

    /// Counts a commit that did not take effect, or may not have.
    pub fn add_refusal(&self, answer: CommitAnswer) {
        let counter = match answer {
            CommitAnswer::Committed { .. } => return,
            CommitAnswer::Conflict => &self.conflicts,
            CommitAnswer::TooOld => &self.too_old,
            CommitAnswer::UnknownResult => &self.unknown_results,
            CommitAnswer::Throttled { .. } => &self.throttled,
            CommitAnswer::TooLarge => &self.too_large,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// Counts a commit that took effect.
    pub fn add_commit(&self, size: CommitSize) {
        self.commits.fetch_add(1, Relaxed);
        self.messages.fetch_add(size.messages, Relaxed);
        self.mutations.fetch_add(size.mutations, Relaxed);
        self.committed_bytes.fetch_add(size.bytes, Relaxed);
        self.conflict_ranges
            .fetch_add(size.conflict_ranges, Relaxed);
        self.commit_messages.add_number(size.messages);
        self.commit_mutations.add_number(size.mutations);
        self.commit_bytes.add_number(size.bytes);
    }

    /// Adds what a lane has done between two readings of its counters.
    pub fn add_lane(&self, before: &LaneCounters, after: &LaneCounters) {
        let counters = [
            (&self.batches, before.batches, after.batches),
            (&self.claims, before.claims, after.claims),
            (&self.shards_lost, before.shards_lost, after.shards_lost),
            (&self.settlings, before.settlings, after.settlings),
            (
                &self.settled_landed,
                before.settled_landed,
                after.settled_landed,
            ),
            (&self.settled_lost, before.settled_lost, after.settled_lost),
            (&self.refreshes, before.refreshes, after.refreshes),
            (&self.refetches, before.refetches, after.refetches),
            (&self.refused, before.refused, after.refused),
        ];
        for (counter, before, after) in counters {
            if after > before {
                counter.fetch_add(after - before, Relaxed);
            }
        }
    }
}

/// How large a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitSize {
    messages: u64,
    mutations: u64,
    bytes: u64,
    conflict_ranges: u64,
}

impl CommitSize {
    /// Of `request`.
    pub fn of(request: &CommitRequest) -> Self {
        let is_message = |key: &Key| Family::of(key) == Some(Family::Message);
        let messages = request
            .writes
            .iter()
            .filter(|write| matches!(write, Write::Insert(row) if is_message(&row.key)));
        Self {
            messages: messages.count() as u64,
            mutations: request.writes.len() as u64,
            bytes: request.size_bytes() as u64,
            conflict_ranges: request.read_conflicts.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ringpost_storage_core::key;
    use ringpost_storage_core::lane::Version;
    use ringpost_storage_core::store::{KeyRange, Row};
    use ringpost_wire::ChatId;

    use super::*;

    #[test]
    fn a_commit_counts_its_messages_and_writes() {
        let chat = ChatId([3; 16]);
        let row = |key| Row {
            key,
            value: Bytes::from_static(b"four"),
        };
        let request = CommitRequest {
            read_version: Version(1),
            read_conflicts: vec![KeyRange::prefix(key::head::encode(chat))],
            writes: vec![
                Write::Insert(row(key::message::encode(chat, 1))),
                Write::Set(row(key::head::encode(chat))),
            ],
        };
        let metrics = Metrics::default();
        metrics.add_commit(CommitSize::of(&request));
        metrics.add_refusal(CommitAnswer::Conflict);
        assert_eq!(metrics.messages.load(Relaxed), 1);
        assert_eq!(metrics.mutations.load(Relaxed), 2);
        assert_eq!(metrics.conflicts.load(Relaxed), 1);
        assert_eq!(metrics.commit_bytes.sum_ns(), request.size_bytes() as u64);
    }

    #[test]
    fn lanes_add_up() {
        let metrics = Metrics::default();
        let before = LaneCounters::default();
        let after = LaneCounters {
            batches: 3,
            claims: 1,
            ..before
        };
        metrics.add_lane(&before, &after);
        metrics.add_lane(&before, &after);
        metrics.add_lane(&after, &after);
        assert_eq!(metrics.batches.load(Relaxed), 6);
        assert_eq!(metrics.claims.load(Relaxed), 2);
    }
}
