//! The numbers of the FoundationDB store as families of `/metrics`.

use ringpost_storage_foundationdb::{Histogram, Metrics};

use crate::http::Page;
use crate::store::engine::{Number, StoreNumbers, write_numbers};

const NUMBERS: [Number<Metrics>; 26] = [
    (
        "ringpost_store_commits_total",
        "counter",
        "Commits that took effect: batches, claims and settlings.",
        |store| &store.commits,
    ),
    (
        "ringpost_store_conflicts_total",
        "counter",
        "Commits refused because another transaction had written what they stand on.",
        |store| &store.conflicts,
    ),
    (
        "ringpost_store_unknown_results_total",
        "counter",
        "Commits of which the cluster could not say what became.",
        |store| &store.unknown_results,
    ),
    (
        "ringpost_store_too_old_total",
        "counter",
        "Commits refused because their read version was too old.",
        |store| &store.too_old,
    ),
    (
        "ringpost_store_throttled_total",
        "counter",
        "Commits refused because the cluster had more to do than it can, or was locked.",
        |store| &store.throttled,
    ),
    (
        "ringpost_store_too_large_total",
        "counter",
        "Commits refused because they were over a limit of FoundationDB.",
        |store| &store.too_large,
    ),
    (
        "ringpost_store_faults_total",
        "counter",
        "Read versions and reads that failed or did not come in time.",
        |store| &store.faults,
    ),
    (
        "ringpost_store_messages_total",
        "counter",
        "Messages in commits that took effect.",
        |store| &store.messages,
    ),
    (
        "ringpost_store_mutations_total",
        "counter",
        "Writes in commits that took effect.",
        |store| &store.mutations,
    ),
    (
        "ringpost_store_committed_bytes_total",
        "counter",
        "Bytes of keys, values and conflict ranges in commits that took effect.",
        |store| &store.committed_bytes,
    ),
    (
        "ringpost_store_conflict_ranges_total",
        "counter",
        "Ranges of read conflicts in commits that took effect.",
        |store| &store.conflict_ranges,
    ),
    (
        "ringpost_store_reads_total",
        "counter",
        "Keys and ranges read for lanes.",
        |store| &store.reads,
    ),
    (
        "ringpost_store_batches_total",
        "counter",
        "Batches of commands that took effect.",
        |store| &store.batches,
    ),
    (
        "ringpost_store_claims_total",
        "counter",
        "Claims of shards that took effect.",
        |store| &store.claims,
    ),
    (
        "ringpost_store_shards_lost_total",
        "counter",
        "Shards dropped because another lane had claimed them.",
        |store| &store.shards_lost,
    ),
    (
        "ringpost_store_settlings_total",
        "counter",
        "Settlings of unknown results that took effect.",
        |store| &store.settlings,
    ),
    (
        "ringpost_store_settled_landed_total",
        "counter",
        "Batches of unknown result that had taken effect.",
        |store| &store.settled_landed,
    ),
    (
        "ringpost_store_settled_lost_total",
        "counter",
        "Batches of unknown result that had not taken effect and were decided again.",
        |store| &store.settled_lost,
    ),
    (
        "ringpost_store_refreshes_total",
        "counter",
        "Times that a lane took a new read version and read its fences.",
        |store| &store.refreshes,
    ),
    (
        "ringpost_store_refetches_total",
        "counter",
        "Reads that a batch turned out to need after its first ones.",
        |store| &store.refetches,
    ),
    (
        "ringpost_store_refused_commands_total",
        "counter",
        "Commands refused because their shard was not held or the cluster not there.",
        |store| &store.refused,
    ),
    (
        "ringpost_store_held_shards",
        "gauge",
        "Shards that this node's lanes hold.",
        |store| &store.held_shards,
    ),
    (
        "ringpost_store_swept_chats_total",
        "counter",
        "Chats that the sweep for retention looked at.",
        |store| &store.swept_chats,
    ),
    (
        "ringpost_store_swept_messages_total",
        "counter",
        "Messages removed when their time was over.",
        |store| &store.swept_messages,
    ),
    (
        "ringpost_store_swept_devices_total",
        "counter",
        "Device rows that the sweep for unseen devices looked at.",
        |store| &store.swept_devices,
    ),
    (
        "ringpost_store_unlinked_devices_total",
        "counter",
        "Devices unlinked because they did not sign in for too long.",
        |store| &store.unlinked_devices,
    ),
];

/// A histogram: name, help, how many of its units are one of the name's, and where it is.
type Distribution = (&'static str, &'static str, f64, fn(&Metrics) -> &Histogram);

const NANOSECONDS: f64 = 1e9;

const DISTRIBUTIONS: [Distribution; 6] = [
    (
        "ringpost_store_commit_seconds",
        "Time of every commit that took effect.",
        NANOSECONDS,
        |store| &store.commit_times,
    ),
    (
        "ringpost_store_read_version_seconds",
        "Time to every read version.",
        NANOSECONDS,
        |store| &store.read_version_times,
    ),
    (
        "ringpost_store_read_seconds",
        "Time to the rows of every request for some.",
        NANOSECONDS,
        |store| &store.read_times,
    ),
    (
        "ringpost_store_commit_messages",
        "Messages of each commit that took effect.",
        1.0,
        |store| &store.commit_messages,
    ),
    (
        "ringpost_store_commit_mutations",
        "Writes of each commit that took effect.",
        1.0,
        |store| &store.commit_mutations,
    ),
    (
        "ringpost_store_commit_bytes",
        "Bytes of each commit that took effect.",
        1.0,
        |store| &store.commit_bytes,
    ),
];

impl StoreNumbers for Metrics {
    fn write(&self, page: &mut Page) {
        write_numbers(page, self, &NUMBERS);
        for (name, help, scale, distribution) in DISTRIBUTIONS {
            let histogram = distribution(self);
            let bound = |bucket: usize| {
                let end = Histogram::bucket_end_ns(bucket) as f64;
                (bucket + 1 < Histogram::BUCKETS).then_some(end / scale)
            };
            let sum = histogram.sum_ns() as f64 / scale;
            page.histogram(name, help, &histogram.counts(), sum, bound);
        }
    }
}
